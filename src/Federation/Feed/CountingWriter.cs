using System.Buffers;

namespace Panal.Federation.Feed;

/// <summary>Counts what is written through it.</summary>
internal sealed class CountingWriter(IBufferWriter<byte> target) : IBufferWriter<byte>
{
    private long _count;

    /// <summary>Bytes since the last call.</summary>
    internal long TakeCount()
    {
        long count = _count;
        _count = 0;
        return count;
    }

    public void Advance(int count)
    {
        _count += count;
        target.Advance(count);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => target.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => target.GetSpan(sizeHint);
}

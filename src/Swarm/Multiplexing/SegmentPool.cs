using System.Buffers;
using System.Collections.Concurrent;

namespace Panal.Swarm.Multiplexing;

/// <summary>Segments of the pipes of all streams, used again whichever thread gives them back.</summary>
/// <remarks>The shared pool keeps few arrays a core; windows of megabytes go through more and would make the collector work.</remarks>
internal sealed class SegmentPool : MemoryPool<byte>
{
    public const int SegmentBytes = 16 * 1024;

    /// <summary>What is kept for later, 16 MiB; more is left to the collector.</summary>
    private const int MostKept = 1024;

    private readonly ConcurrentBag<Segment> _kept = [];
    private int _count;

    public static SegmentPool Instance { get; } = new();

    public override int MaxBufferSize => SegmentBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, SegmentBytes);
        if (!_kept.TryTake(out var segment))
        {
            return new Segment(this);
        }

        Interlocked.Decrement(ref _count);
        return segment;
    }

    protected override void Dispose(bool disposing)
    {
        // One for the process.
    }

    private void Return(Segment segment)
    {
        if (Interlocked.Increment(ref _count) > MostKept)
        {
            Interlocked.Decrement(ref _count);
            return;
        }

        _kept.Add(segment);
    }

    private sealed class Segment(SegmentPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(SegmentBytes);

        public void Dispose() => pool.Return(this);
    }
}

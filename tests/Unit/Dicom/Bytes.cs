using System.Buffers;

namespace Panal.Unit.Dicom;

/// <summary>Bytes for tests: from readable hexadecimal text, or cut into segments.</summary>
internal static class Bytes
{
    public static byte[] Of(string hexadecimal) => Convert.FromHexString(hexadecimal.Replace(" ", "").Replace("\n", ""));

    public static ReadOnlySequence<byte> Segmented(ReadOnlyMemory<byte> bytes, int size)
    {
        var first = new Segment(bytes[..Math.Min(size, bytes.Length)], null);
        var last = first;
        for (var start = size; start < bytes.Length; start += size)
        {
            last = new Segment(bytes[start..Math.Min(start + size, bytes.Length)], last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}

using System.Buffers;

namespace Panal.Unit.Swarm.Wire;

/// <summary>Bytes as a socket may bring them: each in a segment of its own.</summary>
internal static class Pieces
{
    public static ReadOnlySequence<byte> OfOneByte(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        var first = new Segment(bytes[0], 0);
        var last = first;
        foreach (var value in bytes[1..])
        {
            last = last.Append(value);
        }

        return new ReadOnlySequence<byte>(first, 0, last, 1);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte value, long index)
        {
            Memory = new[] { value };
            RunningIndex = index;
        }

        public Segment Append(byte value)
        {
            var next = new Segment(value, RunningIndex + 1);
            Next = next;
            return next;
        }
    }
}

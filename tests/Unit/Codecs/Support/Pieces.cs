using System.Buffers;

namespace Panal.Unit.Codecs.Support;

/// <summary>Bytes cut into pieces, as fragments are.</summary>
internal sealed class Pieces : ReadOnlySequenceSegment<byte>
{
    public static ReadOnlySequence<byte> Of(byte[] bytes, int pieceLengthBytes)
    {
        var first = new Pieces { Memory = bytes.AsMemory(0, Math.Min(pieceLengthBytes, bytes.Length)) };
        var last = first;
        for (var at = first.Memory.Length; at < bytes.Length; at += pieceLengthBytes)
        {
            var next = new Pieces { Memory = bytes.AsMemory(at, Math.Min(pieceLengthBytes, bytes.Length - at)), RunningIndex = at };
            last.Next = next;
            last = next;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}

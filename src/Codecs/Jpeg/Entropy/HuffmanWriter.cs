using Panal.Codecs.Jpeg.Segments;

namespace Panal.Codecs.Jpeg.Entropy;

/// <summary>Writes bits, most significant first, and stuffs a zero behind every FF (T.81 §F.1.2.3).</summary>
internal ref struct HuffmanWriter(Span<byte> target, int position)
{
    /// <summary>Bytes that one <see cref="Write"/> can add at most: four of data, each stuffed.</summary>
    internal const int LongestWriteBytes = 8;

    private readonly Span<byte> _target = target;
    private ulong _bits;
    private int _pending;

    /// <summary>Bytes written so far.</summary>
    internal int Position { get; private set; } = position;

    /// <summary>Bytes that are still free.</summary>
    internal readonly int Free => _target.Length - Position;

    /// <summary>Writes the lowest bits of a number, 0 to 32.</summary>
    internal void Write(uint value, int bits)
    {
        _bits = (_bits << bits) | value;
        _pending += bits;
        while (_pending >= 8)
        {
            _pending -= 8;
            var next = (byte)(_bits >> _pending);
            _target[Position++] = next;
            if (next == JpegMarker.Prefix)
            {
                _target[Position++] = 0;
            }
        }
    }

    /// <summary>Fills the last byte with ones (T.81 §F.1.2.3).</summary>
    internal void Finish()
    {
        if (_pending > 0)
        {
            var missing = 8 - _pending;
            Write((1u << missing) - 1, missing);
        }
    }
}

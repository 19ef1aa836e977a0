using Panal.Codecs.Jpeg.Segments;

namespace Panal.Codecs.JpegLs;

/// <summary>Writes bits of a JPEG-LS scan; a zero bit follows every byte FF (T.87 §A.1).</summary>
internal ref struct GolombWriter(Span<byte> target, int position)
{
    /// <summary>Bytes that one code can add at most: 64 bits, some bytes with seven.</summary>
    internal const int LongestCodeBytes = 10;

    private readonly Span<byte> _target = target;
    private ulong _bits;
    private int _pending;
    private bool _isAfterPrefix;

    internal int Position { get; private set; } = position;

    internal readonly int Free => _target.Length - Position;

    /// <summary>Writes one code of the limited length Golomb code (T.87 §A.5.3).</summary>
    internal void WriteGolomb(int value, int k, int limit, int errorBits)
    {
        var unary = value >> k;
        if (unary < limit - errorBits - 1)
        {
            Zeros(unary);
            Write((1u << k) | ((uint)value & ((1u << k) - 1)), k + 1);
            return;
        }

        Zeros(limit - errorBits - 1);
        Write((1u << errorBits) | (uint)(value - 1), errorBits + 1);
    }

    /// <summary>Writes the lowest bits of a number, 0 to 31.</summary>
    internal void Write(uint value, int bits)
    {
        _bits = (_bits << bits) | value;
        _pending += bits;
        while (_pending >= 8)
        {
            var taken = _isAfterPrefix ? 7 : 8;
            _pending -= taken;
            var next = (byte)((_bits >> _pending) & (0xFFu >> (8 - taken)));
            _target[Position++] = next;
            _isAfterPrefix = next == JpegMarker.Prefix;
        }
    }

    /// <summary>Fills the last byte with zeros; what follows an FF must not look like a marker.</summary>
    internal void Finish()
    {
        if (_pending > 0 || _isAfterPrefix)
        {
            Write(0, 8 - _pending);
            _pending = 0;
        }
    }

    private void Zeros(int count)
    {
        while (count > 0)
        {
            var some = Math.Min(count, 24);
            Write(0, some);
            count -= some;
        }
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Panal.Codecs.Jpeg.Segments;

namespace Panal.Codecs.JpegLs;

/// <summary>Reads bits of a JPEG-LS scan; the byte behind an FF has seven of them (T.87 §A.1).</summary>
internal ref struct GolombReader
{
    private const int UsualCodeBits = 32;
    private readonly ReadOnlySpan<byte> _data;
    private ulong _bits;
    private int _available;
    private int _invented;
    private bool _isAfterPrefix;

    internal GolombReader(ReadOnlySpan<byte> stream, int position)
    {
        _data = stream;
        Position = position;
    }

    /// <summary>The next byte that was not taken yet; a marker stops the taking.</summary>
    internal int Position { get; private set; }

    /// <summary>Reads one code of the limited length Golomb code (T.87 §A.5.3, Code segment A.12).</summary>
    /// <param name="k">Bits written as they are, 0 to 16.</param>
    /// <param name="limit">Longest code.</param>
    /// <param name="errorBits">Bits of a mapped error that is written as a whole.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int ReadGolomb(int k, int limit, int errorBits)
    {
        if (_available < UsualCodeBits)
        {
            Fill();
        }

        var zeros = BitOperations.LeadingZeroCount(_bits);
        if (zeros >= _available)
        {
            // The unary part has at most 55 bits; filling leaves 57 or more.
            Fill();
            zeros = BitOperations.LeadingZeroCount(_bits);
        }

        if (zeros < limit - errorBits - 1)
        {
            if (zeros + 1 + k <= _available)
            {
                var whole = (int)((_bits << (zeros + 1)) >> 1 >> (63 - k));
                Skip(zeros + 1 + k);
                return (zeros << k) | whole;
            }

            Skip(zeros + 1);
            return (zeros << k) | ReadBits(k);
        }

        if (zeros > limit - errorBits - 1)
        {
            Throw();
        }

        Skip(zeros + 1);
        return ReadBits(errorBits) + 1;
    }

    /// <summary>Reads a number of 0 to 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int ReadBits(int bits)
    {
        if (_available < bits)
        {
            Fill();
        }

        var value = (int)(_bits >> 1 >> (63 - bits));
        Skip(bits);
        return value;
    }

    /// <summary>Ends a scan or a restart interval.</summary>
    /// <exception cref="CodecException">More was read than there was.</exception>
    internal readonly void CheckEnd()
    {
        if (_available < _invented)
        {
            Throw();
        }
    }

    /// <summary>Goes to the marker behind the data and, if it is the restart marker that must come now, behind it.</summary>
    internal void Restart(int number)
    {
        CheckEnd();
        SkipToMarker();
        var at = Position;
        while (at < _data.Length && _data[at] == JpegMarker.Prefix)
        {
            at++;
        }

        if (at >= _data.Length || _data[at] != JpegMarker.Restart0 + number)
        {
            throw new CodecException(at >= _data.Length ? CodecFault.Truncated : CodecFault.Malformed, $"Restart marker {number} is missing.");
        }

        Position = at + 1;
        (_bits, _available, _invented, _isAfterPrefix) = (0, 0, 0, false);
    }

    /// <summary>Goes to the next marker: an FF whose next byte has its highest bit set.</summary>
    internal void SkipToMarker()
    {
        // An FF that was taken already belongs to the data, and so does what follows it.
        Position += _isAfterPrefix && Position < _data.Length && _data[Position] < 0x80 ? 1 : 0;
        while (Position < _data.Length)
        {
            var next = _data[Position..].IndexOf(JpegMarker.Prefix);
            Position = next < 0 ? _data.Length : Position + next;
            if (Position + 1 >= _data.Length)
            {
                Position = _data.Length;
            }
            else if (_data[Position + 1] >= 0x80)
            {
                return;
            }
            else
            {
                Position += 2;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Skip(int bits)
    {
        _bits <<= bits;
        _available -= bits;
    }

    private void Fill()
    {
        CheckEnd();
        if (!_isAfterPrefix && _data.Length - Position >= 8)
        {
            var next = BinaryPrimitives.ReadUInt64BigEndian(_data[Position..]);
            if (((~next - 0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080) == 0)
            {
                _bits |= next >> _available;
                var whole = (64 - _available) / 8;
                _available += whole * 8;
                Position += whole;
                _bits &= _available == 64 ? ulong.MaxValue : ~(ulong.MaxValue >> _available);
                return;
            }
        }

        while (_available <= 56)
        {
            FillByte();
        }
    }

    private void FillByte()
    {
        if (Position >= _data.Length || (_data[Position] == JpegMarker.Prefix && (Position + 1 >= _data.Length || _data[Position + 1] >= 0x80)))
        {
            _invented += 8;
            _available += 8;
            return;
        }

        var value = _data[Position++];
        var bits = _isAfterPrefix ? 7 : 8;
        _bits |= (ulong)value << (64 - bits) >> _available;
        _available += bits;
        _isAfterPrefix = value == JpegMarker.Prefix;
    }

    private readonly void Throw() => throw (_invented > 0
        ? new CodecException(CodecFault.Truncated, "The coded data end too early.")
        : new CodecException(CodecFault.Malformed, "Bits that are no Golomb code."));
}

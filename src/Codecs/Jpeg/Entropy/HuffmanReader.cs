using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Panal.Codecs.Jpeg.Segments;

namespace Panal.Codecs.Jpeg.Entropy;

/// <summary>Reads bits of entropy-coded data, most significant first, and takes out the stuffed zero bytes (T.81 §F.1.2.3).</summary>
internal ref struct HuffmanReader
{
    private readonly ReadOnlySpan<byte> _data;
    private ulong _bits;
    private int _available;
    private int _invented;

    /// <summary>Begins at a byte of the stream.</summary>
    internal HuffmanReader(ReadOnlySpan<byte> stream, int position)
    {
        _data = stream;
        Position = position;
    }

    /// <summary>The next byte that was not taken yet: at a marker, or at the end, once the data are used up.</summary>
    internal int Position { get; private set; }

    /// <summary>Reads one symbol.</summary>
    /// <exception cref="CodecException">No code begins so, or the data ended.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int ReadSymbol(HuffmanTable table)
    {
        if (_available < 32)
        {
            Fill();
        }

        var found = table.Find((int)(_bits >> 48));
        if (found == 0)
        {
            ThrowNoCode();
        }

        Skip(found >> 8);
        return found & 0xFF;
    }

    /// <summary>Reads a number of 0 to 16 bits and extends it as T.81 Figure F.12 does: the lower half is negative.</summary>
    /// <remarks>Only directly behind <see cref="ReadSymbol"/>, which has left at least 16 bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int ReadExtended(int bits)
    {
        if (bits == 0)
        {
            return 0;
        }

        var value = (int)(_bits >> (64 - bits));
        Skip(bits);
        return value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
    }

    /// <summary>Reads a number of 0 to 15 bits.</summary>
    internal int ReadBits(int bits)
    {
        if (_available < 32)
        {
            Fill();
        }

        var value = bits == 0 ? 0 : (int)(_bits >> (64 - bits));
        Skip(bits);
        return value;
    }

    /// <summary>Ends the data of a scan or of a restart interval.</summary>
    /// <exception cref="CodecException">More was read than there was.</exception>
    internal readonly void CheckEnd()
    {
        if (_available < _invented)
        {
            ThrowTruncated();
        }
    }

    /// <summary>Goes behind the restart marker that must come now (T.81 §E.2.4).</summary>
    /// <param name="number">0 to 7.</param>
    internal void Restart(int number)
    {
        CheckEnd();
        SkipToMarker();
        var at = Position;
        while (at < _data.Length && _data[at] == JpegMarker.Prefix)
        {
            at++;
        }

        if (at >= _data.Length || at == Position)
        {
            ThrowTruncated();
        }

        if (_data[at] != JpegMarker.Restart0 + number)
        {
            throw new CodecException(CodecFault.Malformed, $"Marker {_data[at]:X2} where restart {number} should be.");
        }

        Position = at + 1;
        (_bits, _available, _invented) = (0, 0, 0);
    }

    /// <summary>Goes to the next marker that is not a stuffed byte, past padding that some encoders leave.</summary>
    internal void SkipToMarker()
    {
        // Whole bytes that were taken in advance are data of this interval: a marker stops the taking.
        while (Position < _data.Length)
        {
            var next = _data[Position..].IndexOf(JpegMarker.Prefix);
            if (next < 0 || Position + next + 1 >= _data.Length)
            {
                Position = _data.Length;
                return;
            }

            Position += next;
            if (_data[Position + 1] != 0)
            {
                return;
            }

            Position += 2;
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
        if (_available < _invented)
        {
            ThrowTruncated();
        }

        if (_data.Length - Position >= 8)
        {
            var next = BinaryPrimitives.ReadUInt64BigEndian(_data[Position..]);
            if (!HasPrefix(next))
            {
                _bits |= next >> _available;
                var whole = (64 - _available) / 8;
                _available += whole * 8;
                Position += whole;

                // Bits below those that count must be zero: they are or-ed with what follows.
                _bits &= _available == 64 ? ulong.MaxValue : ~(ulong.MaxValue >> _available);
                return;
            }
        }

        while (_available <= 56)
        {
            _bits |= (ulong)TakeByte() << (56 - _available);
            _available += 8;
        }
    }

    private byte TakeByte()
    {
        if (Position < _data.Length)
        {
            var value = _data[Position];
            if (value != JpegMarker.Prefix)
            {
                Position++;
                return value;
            }

            if (Position + 1 < _data.Length && _data[Position + 1] == 0)
            {
                Position += 2;
                return value;
            }
        }

        _invented += 8;
        return 0;
    }

    private static bool HasPrefix(ulong bytes) => ((~bytes - 0x0101_0101_0101_0101) & bytes & 0x8080_8080_8080_8080) != 0;

    private static void ThrowNoCode() => throw new CodecException(CodecFault.Malformed, "Bits that no Huffman code begins with.");

    private static void ThrowTruncated() => throw new CodecException(CodecFault.Truncated, "The entropy-coded data end too early.");
}

using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.HighThroughput;

/// <summary>Reads bits forward, the lowest of a byte first; the byte behind an FF has seven of them (T.814 §7.1.2, §7.1.5).</summary>
/// <param name="data">The bytes.</param>
/// <param name="filler">What stands behind their end.</param>
internal ref struct ForwardBits(ReadOnlySpan<byte> data, byte filler)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private readonly byte _filler = filler;
    private ulong _bits;
    private int _count;
    private int _position;
    private bool _isAfterPrefix;

    /// <summary>The next 32 bits, the first of them lowest.</summary>
    internal uint Peek()
    {
        if (_count < 32)
        {
            Fill();
        }

        return (uint)_bits;
    }

    /// <summary>Takes so many of the bits that were looked at.</summary>
    internal void Skip(int count)
    {
        _bits >>= count;
        _count -= count;
    }

    internal uint Read()
    {
        var bit = Peek() & 1;
        Skip(1);
        return bit;
    }

    private void Fill()
    {
        if (!_isAfterPrefix && _position + 4 <= _data.Length)
        {
            var four = BinaryPrimitives.ReadUInt32LittleEndian(_data[_position..]);

            // Whether one of them is FF: then its complement has a byte of zero.
            if (((~four - 0x01010101u) & four & 0x80808080u) == 0)
            {
                _bits |= (ulong)four << _count;
                (_count, _position) = (_count + 32, _position + 4);
                return;
            }
        }

        while (_count < 32)
        {
            var next = _position < _data.Length ? _data[_position++] : _filler;
            _bits |= (ulong)(_isAfterPrefix ? next & 0x7Fu : next) << _count;
            _count += _isAfterPrefix ? 7 : 8;
            _isAfterPrefix = next == 0xFF;
        }
    }
}

/// <summary>Reads bits backward, the lowest of a byte first; a byte of seven ones before one above 8F has only these (T.814 §7.1.4, §7.1.6).</summary>
internal ref struct BackwardBits
{
    private readonly ReadOnlySpan<byte> _data;
    private ulong _bits;
    private int _count;
    private int _position;
    private bool _isAfterLarge;

    private BackwardBits(ReadOnlySpan<byte> data)
    {
        _data = data;
        _position = data.Length - 1;
    }

    /// <summary>From the last byte on.</summary>
    internal static BackwardBits OfRefinement(ReadOnlySpan<byte> data) => new(data) { _isAfterLarge = true };

    /// <summary>From the upper half of the last byte but one; the rest of the two holds the length.</summary>
    /// <param name="suffix">The bytes that MEL and VLC share, at least two.</param>
    internal static BackwardBits OfCodes(ReadOnlySpan<byte> suffix)
    {
        var first = suffix[^2];
        var bits = new BackwardBits(suffix[..^2]) { _bits = (uint)first >> 4, _isAfterLarge = (first | 15) > 0x8F };
        bits._count = (bits._bits & 7) == 7 ? 3 : 4;
        bits._bits &= (1u << bits._count) - 1;
        return bits;
    }

    /// <summary>The next 32 bits, the first of them lowest; behind the end there are zeros.</summary>
    internal uint Peek()
    {
        while (_count < 32)
        {
            var next = _position >= 0 ? _data[_position--] : (byte)0;
            var isStuffed = _isAfterLarge && (next & 0x7F) == 0x7F;
            _bits |= (ulong)(isStuffed ? 0x7Fu : next) << _count;
            _count += isStuffed ? 7 : 8;
            _isAfterLarge = next > 0x8F;
        }

        return (uint)_bits;
    }

    /// <summary>Takes so many of the bits that were looked at.</summary>
    internal void Skip(int count)
    {
        _bits >>= count;
        _count -= count;
    }

    internal uint Read()
    {
        var bit = Peek() & 1;
        Skip(1);
        return bit;
    }
}

/// <summary>Reads events that are seldom true, as runs of what is not (T.814 §7.1.3, §7.3.3).</summary>
/// <param name="suffix">The bytes that MEL and VLC share; of the last two a half byte belongs to the length.</param>
internal ref struct EventReader(ReadOnlySpan<byte> suffix)
{
    private readonly ReadOnlySpan<byte> _data = suffix[..^1];
    private int _position;
    private int _current;
    private int _left;
    private int _state;
    private int _falses;
    private bool _isTrueNext;

    internal bool Read()
    {
        while (true)
        {
            if (_falses > 0)
            {
                _falses--;
                return false;
            }

            if (_isTrueNext)
            {
                _isTrueNext = false;
                return true;
            }

            var exponent = EventRuns.Exponents[_state];
            if (Bit() == 1)
            {
                _falses = 1 << exponent;
                _state = Math.Min(EventRuns.Exponents.Length - 1, _state + 1);
            }
            else
            {
                for (var i = 0; i < exponent; i++)
                {
                    _falses = (_falses << 1) | Bit();
                }

                _isTrueNext = true;
                _state = Math.Max(0, _state - 1);
            }
        }
    }

    private int Bit()
    {
        if (_left == 0)
        {
            _left = _current == 0xFF ? 7 : 8;
            _current = _position < _data.Length ? _data[_position] | (_position == _data.Length - 1 ? 15 : 0) : 0xFF;
            _position++;
        }

        _left--;
        return (_current >> _left) & 1;
    }
}

/// <summary>How long the runs of events are (T.814 Table 2).</summary>
internal static class EventRuns
{
    /// <summary>Binary logarithm of the run in each state.</summary>
    internal static ReadOnlySpan<byte> Exponents => [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5];
}

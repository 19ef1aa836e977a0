namespace Panal.Codecs.Jpeg2000.HighThroughput;

/// <summary>Writes magnitudes and signs forward, the lowest bit of a byte first; the byte behind an FF takes seven (T.814 §7.1.2).</summary>
internal sealed class MagnitudeWriter(int limitBytes)
{
    private readonly byte[] _data = new byte[limitBytes];
    private ulong _bits;
    private int _count;
    private int _position;
    private bool _isAfterPrefix;

    internal ReadOnlySpan<byte> Written => _data.AsSpan(0, _position);

    internal void Clear() => (_bits, _count, _position, _isAfterPrefix) = (0, 0, 0, false);

    /// <summary>Writes at most 32 bits.</summary>
    internal void Write(uint bits, int count)
    {
        _bits |= (ulong)bits << _count;
        _count += count;
        while (_count >= 8)
        {
            Put(_isAfterPrefix ? 7 : 8);
        }
    }

    /// <summary>Fills the last byte with ones; FF at the end are left out, because a reader finds them behind it.</summary>
    internal void Finish()
    {
        if (_count > 0)
        {
            _bits |= ulong.MaxValue << _count;
            _count = 8;
            Put(_isAfterPrefix ? 7 : 8);
        }

        while (_position > 0 && _data[_position - 1] == 0xFF)
        {
            _position--;
        }
    }

    private void Put(int bits)
    {
        var next = (byte)(_bits & ((1u << bits) - 1));
        _data[_position++] = next;
        _isAfterPrefix = next == 0xFF;
        _bits >>= bits;
        _count -= bits;
    }
}

/// <summary>Writes the codes of quads from the end backward (T.814 §7.1.4); the last byte and half of that before are left for the length.</summary>
internal sealed class CodeWriter(int limitBytes)
{
    private readonly byte[] _data = new byte[limitBytes];
    private int _position;
    private int _current;
    private int _used;
    private bool _isAfterLarge;

    internal int LengthBytes => _data.Length - _position;

    /// <summary>The bytes in the order of the file.</summary>
    internal Span<byte> Written => _data.AsSpan(_position);

    internal void Clear()
    {
        _position = _data.Length - 1;
        (_current, _used, _isAfterLarge) = (15, 4, true);
    }

    internal void Write(int bits, int count)
    {
        while (count > 0)
        {
            var free = (_isAfterLarge ? 7 : 8) - _used;
            var taken = Math.Min(free, count);
            _current |= (bits & ((1 << taken) - 1)) << _used;
            _used += taken;
            bits >>= taken;
            count -= taken;
            if (taken < free)
            {
                return;
            }

            // Seven bits are a byte only if they would look like a marker with one above 8F behind.
            if (_isAfterLarge && _current != 0x7F)
            {
                _isAfterLarge = false;
                continue;
            }

            Put();
        }
    }

    internal void Finish()
    {
        if (_used > 0)
        {
            Put();
        }
    }

    private void Put()
    {
        _data[--_position] = (byte)_current;
        _isAfterLarge = _current > 0x8F;
        (_current, _used) = (0, 0);
    }
}

/// <summary>Writes events that are seldom true (T.814 §7.1.3).</summary>
internal sealed class EventWriter(int limitBytes)
{
    private readonly byte[] _data = new byte[limitBytes];
    private int _position;
    private int _current;
    private int _left;
    private int _state;
    private int _falses;

    internal ReadOnlySpan<byte> Written => _data.AsSpan(0, _position);

    internal void Clear() => (_position, _current, _left, _state, _falses) = (0, 0, 8, 0, 0);

    internal void Write(bool isTrue)
    {
        var exponent = EventRuns.Exponents[_state];
        if (!isTrue)
        {
            if (++_falses == 1 << exponent)
            {
                Put(1);
                _falses = 0;
                _state = Math.Min(EventRuns.Exponents.Length - 1, _state + 1);
            }

            return;
        }

        Put(0);
        for (var i = exponent - 1; i >= 0; i--)
        {
            Put((_falses >> i) & 1);
        }

        _falses = 0;
        _state = Math.Max(0, _state - 1);
    }

    /// <summary>Ends a run that is not full as if it were, and fills the last byte with zeros.</summary>
    internal void Finish()
    {
        if (_falses > 0)
        {
            Put(1);
        }

        // Behind an FF a byte must follow that keeps it from looking like a marker.
        if (_left < 8)
        {
            _data[_position++] = (byte)(_current << _left);
        }
    }

    private void Put(int bit)
    {
        _current = (_current << 1) | bit;
        if (--_left == 0)
        {
            _data[_position++] = (byte)_current;
            (_left, _current) = (_current == 0xFF ? 7 : 8, 0);
        }
    }
}

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Writes the bits of passes that bypass the arithmetic coder; the byte behind an FF takes seven of them (T.800 §D.6).</summary>
/// <param name="lengthLimitBytes">The longest segment.</param>
internal sealed class RawBitWriter(int lengthLimitBytes)
{
    private readonly byte[] _data = new byte[lengthLimitBytes];
    private int _whole;
    private int _left = 8;
    private uint _current;

    /// <summary>Bytes so far, one that is not full included.</summary>
    internal int Count => _whole + (_left < Full ? 1 : 0);

    private int Full => _whole > 0 && _data[_whole - 1] == 0xFF ? 7 : 8;

    internal void Clear() => (_whole, _left, _current) = (0, 8, 0);

    /// <summary>Writes the lowest bit of each decision.</summary>
    internal void Write(ReadOnlySpan<byte> decisions)
    {
        var (whole, left, current) = (_whole, _left, _current);
        foreach (var decision in decisions)
        {
            current = (current << 1) | (decision & 1u);
            if (--left == 0)
            {
                _data[whole++] = (byte)current;
                (left, current) = (current == 0xFF ? 7 : 8, 0);
            }
        }

        (_whole, _left, _current) = (whole, left, current);
    }

    /// <summary>Writes 1 to 4 bits, the first of them highest.</summary>
    internal void Write(uint bits, int count)
    {
        _left -= count;
        if (_left > 0)
        {
            _current = (_current << count) | bits;
            return;
        }

        var over = -_left;
        var whole = (_current << (count - over)) | (bits >> over);
        _data[_whole++] = (byte)whole;
        _current = bits & ((1u << over) - 1);
        _left = (whole == 0xFF ? 7 : 8) - over;
    }

    /// <summary>Ends the segment. A last FF is left out, as decoders put one in its place.</summary>
    internal ReadOnlySpan<byte> Finish()
    {
        if (_left < Full)
        {
            _data[_whole++] = (byte)(_current << _left);
            (_left, _current) = (8, 0);
        }

        return _data.AsSpan(0, _whole - (_whole > 0 && _data[_whole - 1] == 0xFF ? 1 : 0));
    }
}

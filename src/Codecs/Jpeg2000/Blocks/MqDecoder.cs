namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Decodes binary decisions (T.800 §C.3); bytes behind the end count as FF.</summary>
internal ref struct MqDecoder
{
    private readonly ReadOnlySpan<byte> _data;
    private uint _c;
    private uint _a;
    private int _shifts;
    private int _position;

    internal MqDecoder(ReadOnlySpan<byte> data)
    {
        _data = data;
        _c = (uint)At(0) << 16;
        ReadByte();
        _c <<= 7;
        _shifts -= 7;
        _a = 0x8000;
    }

    /// <summary>Decodes one decision.</summary>
    /// <param name="context">State in the upper bits, more probable symbol in the lowest; changed.</param>
    internal int Decode(ref byte context)
    {
        var state = context >> 1;
        var symbol = context & 1;
        uint qe = MqStates.Qe[state];
        _a -= qe;
        if (_c >> 16 < qe)
        {
            // The less probable part of the interval, unless it is the larger one.
            var isMore = _a < qe;
            _a = qe;
            if (isMore)
            {
                context = (byte)((MqStates.NextMps[state] << 1) | symbol);
            }
            else
            {
                context = (byte)((MqStates.NextLps[state] << 1) | (MqStates.Switches(state) ? 1 - symbol : symbol));
                symbol = 1 - symbol;
            }

            Renormalize();
            return symbol;
        }

        _c -= qe << 16;
        if ((_a & 0x8000) != 0)
        {
            return symbol;
        }

        if (_a < qe)
        {
            context = (byte)((MqStates.NextLps[state] << 1) | (MqStates.Switches(state) ? 1 - symbol : symbol));
            symbol = 1 - symbol;
        }
        else
        {
            context = (byte)((MqStates.NextMps[state] << 1) | symbol);
        }

        Renormalize();
        return symbol;
    }

    private void Renormalize()
    {
        do
        {
            if (_shifts == 0)
            {
                ReadByte();
            }

            _a <<= 1;
            _c <<= 1;
            _shifts--;
        }
        while ((_a & 0x8000) == 0);
    }

    private readonly byte At(int position) => position < _data.Length ? _data[position] : (byte)0xFF;

    private void ReadByte()
    {
        if (At(_position) == 0xFF)
        {
            if (At(_position + 1) > 0x8F)
            {
                _c += 0xFF00;
                _shifts = 8;
                return;
            }

            _position++;
            _c += (uint)At(_position) << 9;
            _shifts = 7;
            return;
        }

        _position++;
        _c += (uint)At(_position) << 8;
        _shifts = 8;
    }
}

/// <summary>Reads the bits of passes that bypass the arithmetic coder (T.800 §D.6); bits behind the end are ones.</summary>
internal ref struct RawBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _position;
    private int _left;
    private byte _current;

    internal int Read()
    {
        if (_left == 0)
        {
            _left = _current == 0xFF ? 7 : 8;
            _current = _position < _data.Length ? _data[_position] : (byte)0xFF;
            _position++;
        }

        _left--;
        return (_current >> _left) & 1;
    }
}

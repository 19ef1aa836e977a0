namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Reads the bits of a packet header; the byte behind an FF has seven of them (T.800 §B.10.1).</summary>
internal ref struct PacketBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _left;

    /// <summary>Bytes taken so far.</summary>
    internal int Position { get; private set; }

    /// <summary>Reads one bit.</summary>
    /// <exception cref="CodecException">The data end.</exception>
    internal int Read()
    {
        if (_left == 0)
        {
            if (Position >= _data.Length)
            {
                throw new CodecException(CodecFault.Truncated, "A packet header is cut.");
            }

            _left = Position > 0 && _data[Position - 1] == 0xFF ? 7 : 8;
            Position++;
        }

        _left--;
        return (_data[Position - 1] >> _left) & 1;
    }

    /// <summary>Reads a number of at most 31 bits.</summary>
    internal int Read(int count)
    {
        if (count > 31)
        {
            throw new CodecException(CodecFault.Malformed, $"A length of {count} bits.");
        }

        var value = 0;
        for (var i = 0; i < count; i++)
        {
            value = (value << 1) | Read();
        }

        return value;
    }

    /// <summary>Ends the header: a last byte FF is followed by one of stuffing.</summary>
    internal void Align()
    {
        _left = 0;
        if (Position > 0 && _data[Position - 1] == 0xFF)
        {
            Position++;
        }
    }
}

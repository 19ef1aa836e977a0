using System.Numerics;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Writes the bits of a packet header; the byte behind an FF takes seven of them (T.800 §B.10.1).</summary>
internal ref struct PacketBitWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;
    private int _current;
    private int _left = 8;

    /// <summary>Bytes written so far.</summary>
    internal int Position { get; private set; }

    internal void Write(int bit)
    {
        _left--;
        _current |= bit << _left;
        if (_left == 0)
        {
            Put();
        }
    }

    /// <summary>Writes the lowest bits of a number, the highest of them first.</summary>
    internal void Write(int value, int bits)
    {
        for (var i = bits - 1; i >= 0; i--)
        {
            Write((value >> i) & 1);
        }
    }

    /// <summary>Writes a number of coding passes, 1 to 164 (T.800 Table B.4).</summary>
    internal void WritePasses(int passes)
    {
        switch (passes)
        {
            case 1: Write(0); break;
            case 2: Write(2, 2); break;
            case <= 5: Write(0xC | (passes - 3), 4); break;
            case <= 36: Write(0x1E0 | (passes - 6), 9); break;
            default: Write(0xFF80 | (passes - 37), 16); break;
        }
    }

    /// <summary>Ends the header: the last byte is filled with zeros, and one of zeros follows a last byte FF.</summary>
    internal void Finish()
    {
        if (_left < 8 || (Position > 0 && _target[Position - 1] == 0xFF))
        {
            Put();
        }

        if (_target[Position - 1] == 0xFF)
        {
            Put();
        }
    }

    /// <summary>Bits that a number takes; 1 for 0.</summary>
    internal static int BitsOf(int value) => BitOperations.Log2((uint)value | 1) + 1;

    private void Put()
    {
        var next = (byte)_current;
        _target[Position++] = next;
        (_current, _left) = (0, next == 0xFF ? 7 : 8);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>
/// Decodes binary decisions (T.800 §C.3). A struct of three numbers, which the runtime keeps in registers while a pass runs; so the bytes are given
/// to each call.
/// </summary>
internal struct MqDecoder
{
    private uint _c;
    private uint _a;
    private int _shifts;

    /// <summary>Begins to decode.</summary>
    internal MqDecoder(MqInput input)
    {
        _c = input.First;
        Take(input);
        _c <<= 7;
        _shifts -= 7;
        _a = 0x8000;
    }

    /// <summary>Decodes one decision.</summary>
    /// <param name="input">The codeword.</param>
    /// <param name="context">State in the upper bits, more probable symbol in the lowest; changed.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Decode(MqInput input, ref byte context)
    {
        var entry = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(MqStates.Table), (nint)context);
        var qe = entry & 0xFFFF;
        uint symbol = context & 1u;
        _a -= qe;
        bool isMore;
        if (_c < qe << 16)
        {
            // The less probable part of the interval, unless it is the larger one.
            isMore = _a < qe;
            _a = qe;
        }
        else
        {
            _c -= qe << 16;
            if ((_a & 0x8000) != 0)
            {
                return symbol;
            }

            isMore = _a >= qe;
        }

        context = (byte)(isMore ? entry >> 16 : entry >> 24);
        symbol ^= isMore ? 0 : 1u;
        Renormalize(input);
        return symbol;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Renormalize(MqInput input)
    {
        const int HalfBits = 16;
        var shift = BitOperations.LeadingZeroCount(_a) - HalfBits;
        _a <<= shift;
        while (shift > _shifts)
        {
            _c <<= _shifts;
            shift -= _shifts;
            Take(input);
        }

        _c <<= shift;
        _shifts -= shift;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(MqInput input)
    {
        var next = input.Take(_c);
        _c = (uint)next;
        _shifts = (int)(next >> 32);
    }
}

/// <summary>The bytes that decisions are decoded from; behind their end there are FF without end.</summary>
internal sealed class MqInput
{
    private const int MarkerBytes = 2;

    private byte[] _data = new byte[4096];
    private int _position;

    internal uint First => (uint)_data[0] << 16;

    /// <summary>Takes the bytes of a codeword.</summary>
    internal void Load(ReadOnlySpan<byte> data)
    {
        if (_data.Length < data.Length + MarkerBytes)
        {
            _data = new byte[Math.Max(data.Length + MarkerBytes, 2 * _data.Length)];
        }

        data.CopyTo(_data);

        // What looks like a marker is never stepped over.
        _data.AsSpan(data.Length, MarkerBytes).Fill(0xFF);
        _position = 0;
    }

    /// <summary>Adds a byte to the register; returns the register, and in the upper half how many shifts there are to the next (T.800 §C.3.4).</summary>
    internal ulong Take(uint register)
    {
        var next = _data[_position + 1];
        if (_data[_position] != 0xFF)
        {
            _position++;
            return (register + ((uint)next << 8)) | (8ul << 32);
        }

        if (next > 0x8F)
        {
            return (register + 0xFF00u) | (8ul << 32);
        }

        _position++;
        return (register + ((uint)next << 9)) | (7ul << 32);
    }
}

/// <summary>Reads the bits of passes that bypass the arithmetic coder (T.800 §D.6); bits behind the end are ones.</summary>
internal ref struct RawBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _position;
    private int _left;
    private byte _current;

    internal uint Read()
    {
        if (_left == 0)
        {
            _left = _current == 0xFF ? 7 : 8;
            _current = _position < _data.Length ? _data[_position] : (byte)0xFF;
            _position++;
        }

        _left--;
        return (uint)(_current >> _left) & 1;
    }
}

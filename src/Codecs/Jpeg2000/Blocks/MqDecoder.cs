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

    /// <summary>Decodes decisions whose contexts do not depend on one another, in place.</summary>
    /// <param name="input">The codeword.</param>
    /// <param name="contexts">The state of each context, as <see cref="MqStates.Table"/> has it; changed.</param>
    /// <param name="decisions">The context of each in the five bits above the lowest, which becomes the decision; the others stay 0.</param>
    internal void Decode(MqInput input, Span<uint> contexts, Span<byte> decisions)
    {
        const int ContextMask = 31;
        var mq = this;
        ref var first = ref MemoryMarshal.GetReference(contexts[..BlockContexts.Count]);
        foreach (ref var decision in decisions)
        {
            decision = (byte)mq.Decode(input, ref Unsafe.Add(ref first, (decision >> 1) & ContextMask));
        }

        this = mq;
    }

    /// <summary>Decodes one decision.</summary>
    /// <param name="input">The codeword.</param>
    /// <param name="context">Its state, as <see cref="MqStates.Table"/> has it; changed.</param>
    /// <remarks>Without branches upon what is as good as random, as <see cref="MqEncoder.Encode(MqBytes, ref uint, uint)"/>.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Decode(MqInput input, ref uint context)
    {
        const int HalfBits = 16;
        var state = context;
        var qe = (int)(state & MqStates.QeMask);
        var a = (int)_a - qe;

        // The part below as large as the less probable symbol, which is the more probable one's where it is the larger of both.
        var isLower = ((int)(_c >> HalfBits) - qe) >> 31;
        var isOther = ((a - qe) >> 31) ^ isLower;

        // Nothing is shifted, and the state stays, where the more probable symbol leaves enough of the interval.
        var next = MqStates.After(state, isOther);
        context = next ^ ((next ^ state) & (uint)(((short.MaxValue - a) >> 31) & ~isOther));
        a += (qe - a) & isLower;
        _c -= ((uint)qe << HalfBits) & (uint)~isLower;
        var shift = BitOperations.LeadingZeroCount((uint)a) - HalfBits;
        _a = (uint)a << shift;
        while (shift > _shifts)
        {
            _c <<= _shifts;
            shift -= _shifts;
            Take(input);
        }

        _c <<= shift;
        _shifts -= shift;
        return ((state >> MqStates.SymbolBit) ^ (uint)isOther) & 1;
    }

    /// <summary>Decodes one decision of a context whose more probable symbol can be foreseen: there a branch waits for nothing.</summary>
    /// <param name="input">The codeword.</param>
    /// <param name="context">Its state, as <see cref="MqStates.Table"/> has it; changed.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint DecodeLikely(MqInput input, ref uint context)
    {
        const int HalfBits = 16;
        var qe = context & MqStates.QeMask;
        var a = _a - qe;
        if ((a & 0x8000) == 0 || _c >> HalfBits < qe)
        {
            return Decode(input, ref context);
        }

        _a = a;
        _c -= qe << HalfBits;
        return (context >> MqStates.SymbolBit) & 1;
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

/// <summary>Reads the bits of passes that bypass the arithmetic coder; the byte behind an FF has seven of them, and bits behind the end are ones (T.800 §D.6).</summary>
internal ref struct RawBits(ReadOnlySpan<byte> data)
{
    private const int RegisterBits = 64, ByteBits = 8;

    private readonly ReadOnlySpan<byte> _data = data;
    private int _position;
    private byte _last;

    // Bits that are taken already, the next one highest.
    private ulong _register;
    private int _count;

    internal uint Read() => Read(1);

    /// <summary>Reads 1 to 8 bits, the first of them highest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Read(int count)
    {
        if (_count < count)
        {
            Fill();
        }

        var bits = (uint)(_register >> (RegisterBits - count));
        _register <<= count;
        _count -= count;
        return bits;
    }

    private void Fill()
    {
        while (_count <= RegisterBits - ByteBits)
        {
            var bits = _last == 0xFF ? ByteBits - 1 : ByteBits;
            _last = _position < _data.Length ? _data[_position] : (byte)0xFF;
            _position++;
            _register |= (_last & ((1ul << bits) - 1)) << (RegisterBits - bits - _count);
            _count += bits;
        }
    }
}

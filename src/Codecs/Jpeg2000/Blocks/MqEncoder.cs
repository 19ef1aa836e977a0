using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>
/// Encodes binary decisions (T.800 §C.2). A struct of three numbers, which the runtime keeps in registers while a pass runs; so the bytes are given
/// to each call.
/// </summary>
internal struct MqEncoder
{
    private uint _a;
    private uint _c;
    private int _shifts;

    /// <summary>Begins a codeword.</summary>
    public MqEncoder() => (_a, _shifts) = (0x8000, 12);

    /// <summary>Encodes decisions one after the other.</summary>
    /// <param name="bytes">Where the codeword goes.</param>
    /// <param name="contexts">The state of each context, as <see cref="MqStates.Table"/> has it; changed.</param>
    /// <param name="decisions">Each in the lowest bit, its context in the five bits above it.</param>
    internal void Encode(MqBytes bytes, Span<uint> contexts, ReadOnlySpan<byte> decisions)
    {
        const int ContextMask = 31;
        var mq = this;
        ref var first = ref MemoryMarshal.GetReference(contexts[..BlockContexts.Count]);
        foreach (var decision in decisions)
        {
            mq.Encode(bytes, ref Unsafe.Add(ref first, (decision >> 1) & ContextMask), decision);
        }

        this = mq;
    }

    /// <summary>Encodes one decision.</summary>
    /// <param name="bytes">Where the codeword goes.</param>
    /// <param name="context">Its state, as <see cref="MqStates.Table"/> has it; changed.</param>
    /// <param name="decision">0 or 1 in the lowest bit.</param>
    /// <remarks>Decisions of noise are as good as random, and a branch upon them is foreseen as badly: here masks choose, all bits set for yes.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Encode(MqBytes bytes, ref uint context, uint decision)
    {
        const int HalfBits = 16;
        var state = context;
        var qe = (int)(state & MqStates.QeMask);
        var a = (int)_a - qe;
        var isOther = -(int)(((state >> MqStates.SymbolBit) ^ decision) & 1);

        // Nothing is shifted, and the state stays, where the more probable symbol leaves enough of the interval.
        var next = MqStates.After(state, isOther);
        context = next ^ ((next ^ state) & (uint)(((short.MaxValue - a) >> 31) & ~isOther));

        // The upper part is as large as the less probable symbol; it goes to the more probable one where it is the larger of both.
        var isUpper = ((a - qe) >> 31) ^ isOther;
        a += (qe - a) & isUpper;
        _c += (uint)(qe & ~isUpper);
        var shift = BitOperations.LeadingZeroCount((uint)a) - HalfBits;
        _a = (uint)a << shift;
        while (shift >= _shifts)
        {
            _c <<= _shifts;
            shift -= _shifts;
            Emit(bytes);
        }

        _c <<= shift;
        _shifts -= shift;
    }

    /// <summary>Ends the codeword; a last FF is left out, as decoders put one in its place (T.800 §C.2.9).</summary>
    internal void Flush(MqBytes bytes)
    {
        var highest = _c + _a;
        _c |= 0xFFFF;
        _c -= _c >= highest ? 0x8000u : 0;
        for (var i = 0; i < 2; i++)
        {
            _c <<= _shifts;
            Emit(bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Emit(MqBytes bytes)
    {
        var next = bytes.Emit(_c);
        _c = (uint)next;
        _shifts = (int)(next >> 32);
    }
}

/// <summary>The bytes that an encoder of decisions makes, with the last one still open for a carry (T.800 §C.2.7).</summary>
/// <param name="lengthLimitBytes">The longest codeword.</param>
internal sealed class MqBytes(int lengthLimitBytes)
{
    private const uint Carry = 0x8000000;
    private const int RegisterBytes = 4;

    // One byte in front, which the first byte out leaves behind.
    private readonly byte[] _data = new byte[lengthLimitBytes + 1];
    private int _last;

    /// <summary>Bytes so far, the open one included.</summary>
    internal int Count => _last;

    /// <summary>Bytes that a decoder needs at most to come as far as the encoder is now: all bits of the register, seven in a byte if need be.</summary>
    internal int SufficientCount => Count + RegisterBytes;

    /// <summary>The bytes; a last FF does not count.</summary>
    internal ReadOnlySpan<byte> Written => _data.AsSpan(1, _last - (_last > 0 && _data[_last] == 0xFF ? 1 : 0));

    internal void Clear() => (_last, _data[0]) = (0, 0);

    /// <summary>Takes a byte out of the register; returns the register, and in the upper half how many shifts there are to the next.</summary>
    internal ulong Emit(uint register)
    {
        var data = _data;
        var last = _last;
        _last = last + 1;
        if (data[last] != 0xFF && (register & Carry) != 0)
        {
            data[last]++;
            register &= ~Carry;
        }

        if (data[last] == 0xFF)
        {
            data[last + 1] = (byte)(register >> 20);
            return (register & 0xFFFFF) | (7ul << 32);
        }

        data[last + 1] = (byte)(register >> 19);
        return (register & 0x7FFFF) | (8ul << 32);
    }
}

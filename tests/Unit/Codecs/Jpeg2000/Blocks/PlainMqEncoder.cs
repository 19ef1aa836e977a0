using Panal.Codecs.Jpeg2000.Blocks;

namespace Panal.Unit.Codecs.Jpeg2000.Blocks;

/// <summary>The plain reference of the arithmetic encoder: the flow charts of T.800 §C.2, one bit at a time.</summary>
internal sealed class PlainMqEncoder
{
    private readonly int[] _states = new int[BlockContexts.Count];
    private readonly uint[] _symbols = new uint[BlockContexts.Count];

    // The byte in front of the first one takes no carry (T.800 §C.2.8).
    private readonly List<byte> _bytes = [0];
    private uint _a = 0x8000;
    private uint _c;
    private int _count = 12;

    /// <summary>T.800 Table D.7.</summary>
    internal PlainMqEncoder() => (_states[0], _states[BlockContexts.Run], _states[BlockContexts.Uniform]) = (4, 3, 46);

    internal void Encode(int context, uint decision)
    {
        var state = _states[context];
        uint qe = MqStates.Qe[state];
        _a -= qe;
        if (decision == _symbols[context])
        {
            if ((_a & 0x8000) != 0)
            {
                _c += qe;
                return;
            }

            (_a, _c) = _a < qe ? (qe, _c) : (_a, _c + qe);
            _states[context] = MqStates.NextMps[state];
        }
        else
        {
            (_a, _c) = _a < qe ? (_a, _c + qe) : (qe, _c);
            _symbols[context] ^= MqStates.Switches(state) ? 1u : 0;
            _states[context] = MqStates.NextLps[state];
        }

        do
        {
            (_a, _c) = (_a << 1, _c << 1);
            if (--_count == 0)
            {
                PutByte();
            }
        }
        while ((_a & 0x8000) == 0);
    }

    internal byte[] Flush()
    {
        var highest = _c + _a;
        _c |= 0xFFFF;
        _c -= _c >= highest ? 0x8000u : 0;
        _c <<= _count;
        PutByte();
        _c <<= _count;
        PutByte();
        return [.. _bytes.Skip(1).SkipLast(_bytes[^1] == 0xFF ? 1 : 0)];
    }

    private void PutByte()
    {
        const uint Carry = 0x8000000;
        if (_bytes[^1] != 0xFF && _c >= Carry)
        {
            _bytes[^1]++;
            _c &= Carry - 1;
        }

        // Behind FF only seven bits, for the carry.
        (var kept, _count) = _bytes[^1] == 0xFF ? (20, 7) : (19, 8);
        _bytes.Add((byte)(_c >> kept));
        _c &= (1u << kept) - 1;
    }
}

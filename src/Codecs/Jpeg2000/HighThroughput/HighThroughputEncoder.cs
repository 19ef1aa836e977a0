using System.Numerics;
using Panal.Codecs.Jpeg2000.Blocks;

namespace Panal.Codecs.Jpeg2000.HighThroughput;

/// <summary>Encodes high throughput code-blocks up to 64 x 64 without loss, in one cleanup pass each (T.814 §7.3); its memory is used again.</summary>
internal sealed class HighThroughputEncoder : IBlockEncoder
{
    private const int SideLimit = BlockEncoder.SideLimit;
    private const int MagnitudeLimitBits = 30;

    // The whole magnitudes of a block, and codes of seven bits with offsets of eight for every quad.
    private const int MagnitudeLimitBytes = SideLimit * SideLimit * 5, CodeLimitBytes = (SideLimit * SideLimit / 2) + 64, EventLimitBytes = 1024;

    private readonly MagnitudeWriter _magnitudes = new(MagnitudeLimitBytes);
    private readonly CodeWriter _codes = new(CodeLimitBytes);
    private readonly EventWriter _events = new(EventLimitBytes);
    private readonly byte[] _exponents = new byte[SideLimit + 8];
    private readonly byte[] _encoded = new byte[MagnitudeLimitBytes + CodeLimitBytes + EventLimitBytes];
    private readonly PassEnd[] _passes = new PassEnd[1];
    private int _length;

    /// <inheritdoc/>
    public int MagnitudeBits { get; private set; }

    /// <summary>One: the cleanup pass is that of the lowest bit-plane.</summary>
    public int Planes => MagnitudeBits > 0 ? 1 : 0;

    public ReadOnlySpan<PassEnd> Passes => _passes.AsSpan(0, Planes);

    public ReadOnlySpan<byte> Encoded => _encoded.AsSpan(0, _length);

    public void Encode(ReadOnlySpan<int> values, int stride, int width, int height, BandKind band)
    {
        var any = 0u;
        for (var y = 0; y < height; y++)
        {
            foreach (var value in values.Slice(y * stride, width))
            {
                any |= (uint)Math.Abs(value);
            }
        }

        (MagnitudeBits, _length) = (32 - BitOperations.LeadingZeroCount(any), 0);
        if (MagnitudeBits is 0 or > MagnitudeLimitBits)
        {
            return;
        }

        _magnitudes.Clear();
        _codes.Clear();
        _events.Clear();
        Array.Clear(_exponents);
        for (var y = 0; y < height; y += 2)
        {
            EncodeRow(values[(y * stride)..], y + 1 < height ? stride : 0, width, y == 0);
        }

        _magnitudes.Finish();
        _codes.Finish();
        _events.Finish();
        Join();
    }

    private void EncodeRow(ReadOnlySpan<int> values, int below, int width, bool isFirst)
    {
        var (left, aboveLeft) = (0, 0);
        Span<uint> samples = stackalloc uint[8];
        for (var x = 0; x < width; x += 4)
        {
            var first = Take(values, below, x, width, samples[..4]);
            var firstContext = ContextOf(isFirst, x, left, aboveLeft);
            var firstPredicted = Predict(isFirst, x, aboveLeft, first.Significant);
            var second = Take(values, below, x + 2, width, samples[4..]);
            var secondContext = ContextOf(isFirst, x + 2, first.Significant, _exponents[x + 2]);
            var secondPredicted = Predict(isFirst, x + 2, _exponents[x + 2], second.Significant);
            var (firstOffset, firstCode) = WriteCode(first, firstContext, firstPredicted, isFirst);
            var (secondOffset, secondCode) = x + 2 < width ? WriteCode(second, secondContext, secondPredicted, isFirst) : default;
            WriteOffsets(firstOffset, secondOffset, isFirst);
            aboveLeft = _exponents[x + 4];
            WriteSamples(samples[..4], firstCode, firstPredicted + firstOffset, x);
            WriteSamples(samples[4..], secondCode, secondPredicted + secondOffset, x + 2);
            left = second.Significant;
        }
    }

    /// <summary>Takes a quad: twice the magnitude less two with the sign in its place, as they are written; and what is significant, with which exponent.</summary>
    private static Quad Take(ReadOnlySpan<int> values, int below, int x, int width, Span<uint> samples)
    {
        var (significant, largest, which) = (0, 0, 0);
        for (var i = 0; i < 4; i++)
        {
            var column = x + (i >> 1);
            var value = column < width && ((i & 1) == 0 || below > 0) ? values[((i & 1) * below) + column] : 0;
            if (value == 0)
            {
                continue;
            }

            var magnitude = (uint)Math.Abs(value);
            samples[i] = ((magnitude - 1) << 1) | ((uint)value >> 31);
            var exponent = 32 - BitOperations.LeadingZeroCount((2 * magnitude) - 1);
            significant |= 1 << i;
            which = exponent > largest ? 1 << i : exponent == largest ? which | (1 << i) : which;
            largest = Math.Max(largest, exponent);
        }

        return new Quad(significant, largest, which);
    }

    private int ContextOf(bool isFirst, int x, int left, int aboveLeft) => isFirst
        ? (left >> 1) | (left & 1)
        : ((aboveLeft | _exponents[x + 1]) != 0 ? 1 : 0) | ((left & 12) != 0 ? 2 : 0) | ((_exponents[x + 2] | _exponents[x + 3]) != 0 ? 4 : 0);

    private int Predict(bool isFirst, int x, int aboveLeft, int significant) => isFirst || (significant & (significant - 1)) == 0
        ? 1
        : Math.Max(1, Math.Max(Math.Max(aboveLeft, _exponents[x + 1]), Math.Max(_exponents[x + 2], _exponents[x + 3])) - 1);

    private (int Offset, QuadCode Code) WriteCode(Quad quad, int context, int predicted, bool isFirst)
    {
        if (context == 0)
        {
            _events.Write(quad.Significant != 0);
            if (quad.Significant == 0)
            {
                return default;
            }
        }

        var offset = Math.Max(quad.Largest, predicted) - predicted;
        var largest = offset > 0 ? quad.Which : 0;
        var code = (isFirst ? QuadCodes.FirstForEncoding : QuadCodes.OtherForEncoding)[(context << 8) | (quad.Significant << 4) | largest];
        _codes.Write(code.Codeword, code.Length);
        return (offset, code);
    }

    /// <summary>T.814 Table 3.</summary>
    private void WriteOffsets(int first, int second, bool isFirstRow)
    {
        var isPair = isFirstRow && first > 0 && second > 0;
        if (isPair)
        {
            _events.Write(Math.Min(first, second) > 2);
        }

        var more = isPair && Math.Min(first, second) > 2 ? 2 : 0;
        WritePrefix(first - more);
        if (isPair && more == 0 && first > 2)
        {
            _codes.Write(second - 1, 1);
            WriteSuffix(first);
            return;
        }

        WritePrefix(second - more);
        WriteSuffix(first - more);
        WriteSuffix(second - more);
    }

    private void WritePrefix(int offset)
    {
        switch (offset)
        {
            case <= 0: break;
            case 1: _codes.Write(1, 1); break;
            case 2: _codes.Write(2, 2); break;
            case <= 4: _codes.Write(4, 3); break;
            default: _codes.Write(0, 3); break;
        }
    }

    private void WriteSuffix(int offset)
    {
        if (offset is 3 or 4)
        {
            _codes.Write(offset - 3, 1);
        }
        else if (offset > 4)
        {
            _codes.Write(offset - 5, 5);
        }
    }

    private void WriteSamples(ReadOnlySpan<uint> samples, QuadCode code, int largest, int x)
    {
        for (var i = 0; i < 4; i++)
        {
            var isSignificant = (code.Significant >> i & 1) != 0;
            if (isSignificant)
            {
                var count = largest - (code.KnownExponents >> i & 1);
                _magnitudes.Write(samples[i] & (uint)((1ul << count) - 1), count);
            }

            if ((i & 1) != 0)
            {
                _exponents[x + (i >> 1) + 1] = isSignificant ? (byte)(32 - BitOperations.LeadingZeroCount(samples[i] | 1)) : (byte)0;
            }
        }
    }

    /// <summary>Magnitudes, events, codes; in the last twelve bits how long the latter two are.</summary>
    private void Join()
    {
        var suffix = _events.Written.Length + _codes.LengthBytes;
        _magnitudes.Written.CopyTo(_encoded);
        _length = _magnitudes.Written.Length;
        _events.Written.CopyTo(_encoded.AsSpan(_length));
        _length += _events.Written.Length;
        _codes.Written.CopyTo(_encoded.AsSpan(_length));
        _length += _codes.LengthBytes;
        _encoded[_length - 1] = (byte)(suffix >> 4);
        _encoded[_length - 2] = (byte)((_encoded[_length - 2] & 0xF0) | (suffix & 15));
        _passes[0] = new PassEnd(_length, 1);
    }

    /// <summary>Four samples of which is known what is significant, the largest exponent, and which of them have it.</summary>
    private readonly record struct Quad(int Significant, int Largest, int Which);
}

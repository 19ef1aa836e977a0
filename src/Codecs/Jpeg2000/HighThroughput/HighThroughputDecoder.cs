using System.Numerics;
using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.HighThroughput;

/// <summary>Decodes high throughput code-blocks: a cleanup pass, and the two that may refine it (T.814 §7); its memory is used again for each.</summary>
internal sealed class HighThroughputDecoder : IBlockDecoder
{
    private const int LargestBlock = 4096, LargestSide = 1024, StripeRows = 4, PassesOfSet = 3;
    private const int MagnitudeBits = 31;
    private const uint SignBit = 0x80000000;

    // Whole quads, and one coefficient more on every side.
    private readonly uint[] _coefficients = new uint[LargestBlock + (4 * LargestSide) + 16];
    private readonly byte[] _isSignificant = new byte[LargestBlock + (4 * LargestSide) + 16];
    private readonly int[] _exponents = new int[LargestSide + 8];
    private int _width;
    private int _height;
    private int _stride;
    private int _cleanupPlane;
    private int _refinements;
    private bool _isCausal;

    public void Begin(int width, int height, int style)
    {
        (_width, _height, _stride) = (width, height, width + 3);
        _isCausal = (style & ComponentStyle.VerticallyCausal) != 0;
        (_cleanupPlane, _refinements) = (0, 0);
        _coefficients.AsSpan(0, _stride * (height + 3)).Clear();
    }

    public void Decode(ReadOnlySpan<byte> data, int firstPass, int passes, int planes, BandKind band, int style)
    {
        var set = (firstPass + passes - 1) / PassesOfSet;
        var plane = planes - 1 - set;
        if (plane < 0 || (firstPass % PassesOfSet != 0 && (plane < 1 || firstPass / PassesOfSet != set)))
        {
            throw new CodecException(CodecFault.Malformed, $"{firstPass + passes} passes in {planes} bit-planes.");
        }

        if (firstPass % PassesOfSet == 0)
        {
            _coefficients.AsSpan(0, _stride * (_height + 3)).Clear();
            (_cleanupPlane, _refinements) = (plane, 0);
            CleanUp(data, plane);
            return;
        }

        _refinements = (firstPass + passes - 1) % PassesOfSet;
        Refine(data, plane - 1, hasMagnitudes: _refinements == 2);
    }

    public void CopyRow(int y, int regionShift, Span<int> target)
    {
        target = target[.._width];
        var source = _coefficients.AsSpan(((y + 1) * _stride) + 1, _width);
        for (var x = 0; x < target.Length; x++)
        {
            var magnitude = (int)(source[x] & ~SignBit);
            if (_cleanupPlane > 0 || regionShift > 0)
            {
                magnitude = BlockDecoder.Refined(magnitude, LastPlaneOf(y, x), regionShift);
            }

            var sign = (int)source[x] >> 31;
            target[x] = (magnitude ^ sign) - sign;
        }
    }

    public void CopyRow(int y, int regionShift, float step, Span<float> target)
    {
        target = target[.._width];
        var source = _coefficients.AsSpan(((y + 1) * _stride) + 1, _width);
        for (var x = 0; x < target.Length; x++)
        {
            var plane = LastPlaneOf(y, x);
            var magnitude = BlockDecoder.Refined((int)(source[x] & ~SignBit), plane, regionShift);
            var value = magnitude == 0 ? 0 : (magnitude + (plane > 0 ? 0f : 0.5f)) * step;
            target[x] = (int)source[x] < 0 ? -value : value;
        }
    }

    /// <summary>The lowest bit-plane that is known of a coefficient: those of the cleanup pass need the last pass to be refined.</summary>
    private int LastPlaneOf(int y, int x) =>
        _cleanupPlane - (_refinements == 2 || (_refinements == 1 && _isSignificant[((y + 1) * _stride) + x + 1] == Propagated) ? 1 : 0);

    private const byte CleanedUp = 1, Propagated = 2;

    /// <summary>The cleanup pass: significance and exponents of quads, then magnitudes and signs (T.814 §7.3).</summary>
    private void CleanUp(ReadOnlySpan<byte> data, int plane)
    {
        var suffix = data.Length < 2 ? 0 : (data[^1] << 4) | (data[^2] & 15);
        if (suffix < 2 || suffix > data.Length)
        {
            throw new CodecException(CodecFault.Malformed, $"A cleanup pass of {data.Length} bytes, {suffix} of them codes.");
        }

        var magnitudes = new ForwardBits(data[..^suffix], 0xFF);
        var codes = BackwardBits.OfCodes(data[^suffix..]);
        var events = new EventReader(data[^suffix..]);
        _exponents.AsSpan(0, _width + 8).Clear();
        for (var y = 0; y < _height; y += 2)
        {
            // Exponents of the row above are read before the quads that stand in their place write their own.
            var (left, aboveLeft) = (0, 0);
            for (var x = 0; x < _width; x += 4)
            {
                var first = ReadQuad(ref codes, ref events, y, x, left, aboveLeft, out var firstPrediction);
                var aboveSecond = _exponents[x + 2];
                var hasSecond = x + 2 < _width;
                var secondPrediction = 0;
                var second = hasSecond ? ReadQuad(ref codes, ref events, y, x + 2, first.Significant, aboveSecond, out secondPrediction) : default;
                var (firstOffset, secondOffset) = ReadOffsets(ref codes, ref events, y == 0, first.HasOffset, second.HasOffset);
                aboveLeft = _exponents[x + 4];
                ReadSamples(ref magnitudes, first, firstPrediction + firstOffset, y, x, plane);
                ReadSamples(ref magnitudes, second, secondPrediction + secondOffset, y, x + 2, plane);
                left = second.Significant;
            }
        }
    }

    /// <summary>Reads the code of a quad; what its largest exponent is predicted to be follows from those above (T.814 §7.3.5, §7.3.7).</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="events">The events.</param>
    /// <param name="y">Upper row of the quad.</param>
    /// <param name="x">Left column.</param>
    /// <param name="left">Significant samples of the quad at the left.</param>
    /// <param name="aboveLeft">Exponent of the sample above the upper left corner, at its left.</param>
    /// <param name="prediction">The largest exponent if no offset is told.</param>
    private QuadCode ReadQuad(ref BackwardBits codes, ref EventReader events, int y, int x, int left, int aboveLeft, out int prediction)
    {
        int context, above = 0;
        if (y == 0)
        {
            context = (left >> 1) | (left & 1);
        }
        else
        {
            // _exponents[x + 1] is that of column x: one stands in front.
            var (one, two, three) = (_exponents[x + 1], _exponents[x + 2], _exponents[x + 3]);
            context = ((aboveLeft | one) != 0 ? 1 : 0) | ((left & 12) != 0 ? 2 : 0) | ((two | three) != 0 ? 4 : 0);
            above = Math.Max(Math.Max(aboveLeft, one), Math.Max(two, three)) - 1;
        }

        prediction = 1;
        if (context == 0 && !events.Read())
        {
            return default;
        }

        var code = (y == 0 ? QuadCodes.First : QuadCodes.Other)[(context << QuadCodes.LongestCodeword) | (int)(codes.Peek() & 0x7F)];
        codes.Skip(code.Length);
        var isMany = (code.Significant & (code.Significant - 1)) != 0;
        prediction = isMany ? Math.Max(1, above) : 1;
        return code;
    }

    /// <summary>Reads by how much the largest exponents of two quads are above what was predicted (T.814 §7.3.6, Table 3).</summary>
    private static (int First, int Second) ReadOffsets(ref BackwardBits codes, ref EventReader events, bool isFirstRow, bool hasFirst, bool hasSecond)
    {
        if (!hasFirst && !hasSecond)
        {
            return (0, 0);
        }

        var more = isFirstRow && hasFirst && hasSecond && events.Read() ? 2 : 0;
        var (first, firstSuffix) = hasFirst ? ReadPrefix(ref codes) : (0, 0);
        int second = 0, secondSuffix = 0;
        if (isFirstRow && hasFirst && hasSecond && more == 0 && first > 2)
        {
            second = 1 + (int)codes.Read();
        }
        else if (hasSecond)
        {
            (second, secondSuffix) = ReadPrefix(ref codes);
        }

        first += ReadSuffix(ref codes, firstSuffix);
        second += ReadSuffix(ref codes, secondSuffix);
        return (hasFirst ? first + more : 0, hasSecond ? second + more : 0);
    }

    private static (int Value, int SuffixBits) ReadPrefix(ref BackwardBits codes)
    {
        var bits = codes.Peek();
        var (value, suffix, length) = (bits & 1) != 0 ? (1, 0, 1) : (bits & 2) != 0 ? (2, 0, 2) : (bits & 4) != 0 ? (3, 1, 3) : (5, 5, 3);
        codes.Skip(length);
        return (value, suffix);
    }

    private static int ReadSuffix(ref BackwardBits codes, int bits)
    {
        const int FirstExtended = 28;
        var suffix = (int)(codes.Peek() & ((1u << bits) - 1));
        codes.Skip(bits);
        return suffix < FirstExtended ? suffix : throw new CodecException(CodecFault.Unsupported, "An exponent above 32.");
    }

    /// <summary>Reads magnitudes and signs of a quad (T.814 §7.3.8).</summary>
    private void ReadSamples(ref ForwardBits magnitudes, QuadCode code, int largest, int y, int x, int plane)
    {
        if (largest + plane > MagnitudeBits - 1)
        {
            throw new CodecException(CodecFault.Malformed, $"Magnitudes of {largest} bits from bit-plane {plane} on.");
        }

        for (var i = 0; i < 4; i++)
        {
            var bottom = (i & 1) != 0;
            var column = x + (i >> 1);
            var exponent = 0;
            if ((code.Significant >> i & 1) != 0)
            {
                var count = largest - (code.KnownExponents >> i & 1);
                var value = magnitudes.Peek() & (uint)((1ul << count) - 1);
                magnitudes.Skip(count);
                value |= (uint)(code.LargestExponents >> i & 1) << count;
                exponent = 32 - BitOperations.LeadingZeroCount(value | 1);
                if (column < _width && y + (i & 1) < _height)
                {
                    _coefficients[((y + 1 + (i & 1)) * _stride) + column + 1] = (((value >> 1) + 1) << plane) | (value << 31);
                }
            }

            if (bottom)
            {
                _exponents[column + 1] = exponent;
            }
        }
    }

    /// <summary>The passes that refine by one bit-plane: significance of neighbours, then magnitudes of what was significant (T.814 §7.4, §7.5).</summary>
    private void Refine(ReadOnlySpan<byte> data, int plane, bool hasMagnitudes)
    {
        var significance = _isSignificant.AsSpan(0, _stride * (_height + 3));
        for (var i = 0; i < significance.Length; i++)
        {
            significance[i] = _coefficients[i] != 0 ? CleanedUp : (byte)0;
        }

        var forward = new ForwardBits(data, 0);
        Span<int> found = stackalloc int[StripeRows * StripeRows];
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var group = 0; group < _width; group += StripeRows)
            {
                var count = 0;
                for (var x = group; x < Math.Min(group + StripeRows, _width); x++)
                {
                    for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                    {
                        var at = ((y + 1) * _stride) + x + 1;
                        if (significance[at] == 0 && HasNeighbour(at, y == top + StripeRows - 1) && forward.Read() == 1)
                        {
                            significance[at] = Propagated;
                            found[count++] = at;
                        }
                    }
                }

                foreach (var at in found[..count])
                {
                    _coefficients[at] = (1u << plane) | (forward.Read() << 31);
                }
            }
        }

        if (hasMagnitudes)
        {
            RefineMagnitudes(BackwardBits.OfRefinement(data), plane);
        }
    }

    private bool HasNeighbour(int at, bool isLastOfStripe)
    {
        var significance = _isSignificant;
        var (above, below) = (at - _stride, at + _stride);
        var any = significance[above - 1] | significance[above] | significance[above + 1] | significance[at - 1] | significance[at + 1];
        return (isLastOfStripe && _isCausal ? any : any | significance[below - 1] | significance[below] | significance[below + 1]) != 0;
    }

    private void RefineMagnitudes(BackwardBits bits, int plane)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = ((y + 1) * _stride) + x + 1;
                    if (_isSignificant[at] == CleanedUp)
                    {
                        _coefficients[at] |= bits.Read() << plane;
                    }
                }
            }
        }
    }
}

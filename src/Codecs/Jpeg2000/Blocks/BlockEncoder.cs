using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;
using static Panal.Codecs.Jpeg2000.Blocks.StripeFlags;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Where a coding pass ends, and what it is worth.</summary>
/// <param name="LengthBytes">Bytes of the block that a decoder needs to decode up to here.</param>
/// <param name="Gain">By how much this pass lowers the sum of squared errors of the coefficients.</param>
internal readonly record struct PassEnd(int LengthBytes, double Gain);

/// <summary>Encodes the coding passes of code-blocks up to 64 x 64 (T.800 Annex D, without styles); its memory is used again for each.</summary>
internal sealed class BlockEncoder : IBlockEncoder
{
    /// <summary>Largest side of a code-block.</summary>
    internal const int SideLimit = 64;

    /// <summary>Passes that a block of 31 bit-planes has.</summary>
    internal const int PassLimit = 91;

    private const uint SignBit = 0x80000000;

    // Gains are counted in sixty-fourths of the bit-plane's own size.
    private const int FractionBits = 6;

    private readonly uint[] _flags = new uint[(SideLimit + 2) * ((SideLimit / Rows) + 2)];
    private readonly uint[] _coefficients = new uint[SideLimit * SideLimit];
    private readonly byte[] _contexts = new byte[Count];
    private readonly PassEnd[] _passes = new PassEnd[PassLimit];
    private readonly MqBytes _bytes = new(MaximumLengthBytes(SideLimit * SideLimit, 31));
    private MqEncoder _mq;
    private byte[] _significance = [];
    private int _width;
    private int _height;
    private int _stride;
    private int _stripes;
    private long _gain;

    public int MagnitudeBits => Planes;

    /// <summary>As many as the magnitudes have bits.</summary>
    public int Planes { get; private set; }

    public ReadOnlySpan<PassEnd> Passes => _passes.AsSpan(0, Planes == 0 ? 0 : (3 * Planes) - 2);

    public ReadOnlySpan<byte> Encoded => _bytes.Written;

    /// <summary>The longest form that so many coefficients can have.</summary>
    /// <remarks>
    /// Each coefficient is one decision in every plane, and once a sign and its share of a broken run. The coder spends two bits on
    /// a decision at most, if not in each then in the mean, because a state that makes a symbol dear is reached by cheap ones only;
    /// what a block may spend before the mean holds, and the ends, is added.
    /// </remarks>
    internal static int MaximumLengthBytes(int coefficients, int planes) => 512 + (coefficients * (planes + 4) * 9 / 32);

    public void Encode(ReadOnlySpan<int> values, int stride, int width, int height, BandKind band)
    {
        (_width, _height, _stride, _stripes) = (width, height, width + 2, (height + Rows - 1) / Rows);
        _bytes.Clear();
        Planes = 32 - BitOperations.LeadingZeroCount(Take(values, stride));
        if (Planes == 0)
        {
            return;
        }

        _flags.AsSpan(0, _stride * (_stripes + 2)).Clear();
        Reset(_contexts);
        _significance = SignificanceOf(band);
        _mq = new MqEncoder();
        var pass = 0;
        for (var plane = Planes - 1; plane >= 0; plane--)
        {
            if (pass > 0)
            {
                Propagate(plane);
                End(pass++, plane);
                Refine(plane);
                End(pass++, plane);
            }

            CleanUp(plane);
            End(pass++, plane);
        }

        _mq.Flush(_bytes);
        Trim();
    }

    /// <summary>Takes the coefficients stripe by stripe, column by column, as the passes go; returns all magnitudes joined by OR.</summary>
    private uint Take(ReadOnlySpan<int> values, int stride)
    {
        var any = 0u;
        if (_height % Rows != 0)
        {
            _coefficients.AsSpan(_width * Rows * (_stripes - 1), _width * Rows).Clear();
        }

        for (var y = 0; y < _height; y++)
        {
            var row = values.Slice(y * stride, _width);
            var target = _coefficients.AsSpan((y / Rows * _width * Rows) + (y % Rows), ((_width - 1) * Rows) + 1);
            for (int x = 0, at = 0; x < row.Length; x++, at += Rows)
            {
                var value = row[x];
                var magnitude = (uint)Math.Abs(value);
                any |= magnitude;
                target[at] = magnitude | ((uint)value & SignBit);
            }
        }

        return any;
    }

    /// <summary>Notes the end of a pass and what it gained.</summary>
    private void End(int pass, int plane)
    {
        _passes[pass] = new PassEnd(_bytes.SufficientCount, Math.ScaleB(_gain, (2 * plane) - FractionBits));
        _gain = 0;
    }

    /// <summary>No pass needs more bytes than there are, and none ends in FF.</summary>
    private void Trim()
    {
        var data = _bytes.Written;
        foreach (ref var pass in _passes.AsSpan(0, (3 * Planes) - 2))
        {
            var length = Math.Min(pass.LengthBytes, data.Length);
            pass = pass with { LengthBytes = length > 0 && length < data.Length && data[length - 1] == 0xFF ? length - 1 : length };
        }

        _passes[(3 * Planes) - 3] = _passes[(3 * Planes) - 3] with { LengthBytes = data.Length };
    }

    /// <summary>Significance propagation (T.800 §D.3.1).</summary>
    private void Propagate(int plane)
    {
        var (mq, bytes) = (_mq, _bytes);
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(_contexts);
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        long gain = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var rows = Math.Min(Rows, _height - (stripe * Rows));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                if ((word & AnySignificant) == 0)
                {
                    continue;
                }

                for (var row = 0; row < rows; row++)
                {
                    var around = word >> (3 * row);
                    if ((around & Own) != 0 || (around & Neighbours) == 0)
                    {
                        continue;
                    }

                    var coefficient = Unsafe.Add(ref column, row);
                    var decision = (coefficient >> plane) & 1;
                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, Unsafe.Add(ref significance, around & Neighbourhood)), decision);
                    if (decision != 0)
                    {
                        var sign = coefficient >> 31;
                        var index = SignContexts[SignIndex(word, Unsafe.Add(ref words, -1), Unsafe.Add(ref words, 1), row)];
                        mq.Encode(bytes, ref Unsafe.Add(ref contexts, index & 0x7F), sign ^ (uint)(index >> 7));
                        word = BecomeSignificant(ref words, _stride, word, row, sign);
                        gain += SignificanceGain(coefficient, plane);
                    }

                    word |= 1u << (VisitedShift + row);
                }

                words = word;
            }
        }

        (_mq, _gain) = (mq, _gain + gain);
    }

    /// <summary>Magnitude refinement (T.800 §D.3.3).</summary>
    private void Refine(int plane)
    {
        var (mq, bytes) = (_mq, _bytes);
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(_contexts);
        long gain = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                if ((word & OwnSignificant) == 0)
                {
                    continue;
                }

                for (var row = 0; row < Rows; row++)
                {
                    var around = word >> (3 * row);
                    if ((around & Own) == 0 || (word >> (VisitedShift + row) & 1) != 0)
                    {
                        continue;
                    }

                    var coefficient = Unsafe.Add(ref column, row);
                    var context = (word >> (RefinedShift + row) & 1) != 0 ? FirstRefinement + 2 : (around & Neighbours) != 0 ? FirstRefinement + 1 : FirstRefinement;
                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, context), (coefficient >> plane) & 1);
                    gain += RefinementGain(coefficient, plane);
                    word |= 1u << (RefinedShift + row);
                }

                words = word;
            }
        }

        (_mq, _gain) = (mq, _gain + gain);
    }

    /// <summary>Cleanup, with runs of four coefficients that nothing is known of (T.800 §D.3.4).</summary>
    private void CleanUp(int plane)
    {
        var (mq, bytes) = (_mq, _bytes);
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(_contexts);
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        long gain = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var rows = Math.Min(Rows, _height - (stripe * Rows));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                var row = 0;
                var isBroken = false;
                if ((word & (AnySignificant | AnyVisited)) == 0 && rows == Rows)
                {
                    row = FirstOf(ref column, plane);
                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, Run), row < Rows ? 1u : 0);
                    if (row == Rows)
                    {
                        continue;
                    }

                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, Uniform), (uint)row >> 1);
                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, Uniform), (uint)row & 1);
                    isBroken = true;
                }

                for (; row < rows; row++)
                {
                    var coefficient = Unsafe.Add(ref column, row);
                    if (!isBroken)
                    {
                        if ((word & ((Own << (3 * row)) | (1u << (VisitedShift + row)))) != 0)
                        {
                            continue;
                        }

                        var decision = (coefficient >> plane) & 1;
                        mq.Encode(bytes, ref Unsafe.Add(ref contexts, Unsafe.Add(ref significance, (word >> (3 * row)) & Neighbourhood)), decision);
                        if (decision == 0)
                        {
                            continue;
                        }
                    }

                    isBroken = false;
                    var sign = coefficient >> 31;
                    var index = SignContexts[SignIndex(word, Unsafe.Add(ref words, -1), Unsafe.Add(ref words, 1), row)];
                    mq.Encode(bytes, ref Unsafe.Add(ref contexts, index & 0x7F), sign ^ (uint)(index >> 7));
                    word = BecomeSignificant(ref words, _stride, word, row, sign);
                    gain += SignificanceGain(coefficient, plane);
                }

                words = word & ~AnyVisited;
            }
        }

        (_mq, _gain) = (mq, _gain + gain);
    }

    /// <summary>The first row of a column that becomes significant in a plane; 4 if none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstOf(ref uint column, int plane)
    {
        // Nearly always there is none.
        if (((column | Unsafe.Add(ref column, 1) | Unsafe.Add(ref column, 2) | Unsafe.Add(ref column, 3)) >> plane & 1) == 0)
        {
            return Rows;
        }

        var row = 0;
        while ((Unsafe.Add(ref column, row) >> plane & 1) == 0)
        {
            row++;
        }

        return row;
    }

    /// <summary>
    /// A coefficient f planes large, f from 1 to 2, was taken for 0 and is now taken for 3/2, in the last plane for 1:
    /// f² - (f - 3/2)² = 3 f - 9/4.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long SignificanceGain(uint coefficient, int plane) => plane == 0 ? 64 : (3 * Fraction(coefficient, plane)) - 144;

    /// <summary>
    /// A coefficient f planes above what is known of it, f from 0 to 2, was taken for 1 and is now taken for 1/2 or 3/2, in the last
    /// plane for 0 or 1: the error falls by |f - 1| - 1/4.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long RefinementGain(uint coefficient, int plane) =>
        plane == 0 ? 64 - ((coefficient & 1) << FractionBits) : Math.Abs(Fraction(coefficient, plane) - 64) - 16;

    /// <summary>The bits of a coefficient from a plane's own downward and the one above, in sixty-fourths of the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Fraction(uint coefficient, int plane) =>
        (int)((plane > FractionBits ? coefficient >> (plane - FractionBits) : coefficient << (FractionBits - plane)) & 0x7F);
}

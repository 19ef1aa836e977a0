using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Panal.Codecs.Jpeg2000.Packets;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;
using static Panal.Codecs.Jpeg2000.Blocks.StripeFlags;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Where a coding pass ends, and what it is worth.</summary>
/// <param name="LengthBytes">Bytes of the block that a decoder needs to decode up to here.</param>
/// <param name="Gain">By how much this pass lowers the sum of squared errors of the coefficients.</param>
internal readonly record struct PassEnd(int LengthBytes, double Gain);

/// <summary>Encodes the coding passes of code-blocks up to 64 x 64 (T.800 Annex D); its memory is used again for each.</summary>
/// <param name="style">Bits of T.800 Table A.19: none, or the one that lets lower bit-planes bypass the coder.</param>
internal sealed class BlockEncoder(int style) : IBlockEncoder
{
    /// <summary>Largest side of a code-block.</summary>
    internal const int SideLimit = 64;

    /// <summary>Passes that a block of 31 bit-planes has.</summary>
    internal const int PassLimit = 91;

    private const uint SignBit = 0x80000000;

    // Errors that a pass takes away from each coefficient in the mean, in squares of the bit-plane: of one between 1 and 2 that was taken for 0
    // and now for 3/2, and of one between 0 and 2 that was taken for 1 and now for 1/2 or 3/2; in the last plane there is no middle.
    private const double SignificanceGain = 9 / 4.0, RefinementGain = 1 / 4.0, LastSignificanceGain = 1, LastRefinementGain = 1 / 2.0;

    // What a pass decides is written down first and then encoded at once. At most each coefficient has a decision and a sign, each column the
    // three of a run; one place more, since a decision that is not made is written over by the next.
    private readonly byte[] _decisions = new byte[(SideLimit * SideLimit * 2) + (SideLimit * SideLimit / Rows * 3) + 1];
    private readonly ulong[] _flags = new ulong[(SideLimit + 2) * ((SideLimit / Rows) + 2)];
    private readonly uint[] _coefficients = new uint[SideLimit * SideLimit];
    private readonly uint[] _contexts = new uint[Count];
    private readonly PassEnd[] _passes = new PassEnd[PassLimit];
    private readonly MqBytes _bytes = new(MaximumLengthBytes(SideLimit * SideLimit, 31));
    private readonly RawBitWriter _raw = new(MaximumLengthBytes(SideLimit * SideLimit, 0));
    private readonly byte[] _encoded = new byte[MaximumLengthBytes(SideLimit * SideLimit, 31)];
    private MqEncoder _mq;
    private byte[] _significance = [];
    private int _width;
    private int _height;
    private int _stride;
    private int _stripes;
    private int _length;

    // The first pass of the segment in hand.
    private int _segmentPass;

    /// <summary>Bits of T.800 Table A.19.</summary>
    internal int Style => style;

    public int MagnitudeBits => Planes;

    /// <summary>As many as the magnitudes have bits.</summary>
    public int Planes { get; private set; }

    public ReadOnlySpan<PassEnd> Passes => _passes.AsSpan(0, Planes == 0 ? 0 : (3 * Planes) - 2);

    public ReadOnlySpan<byte> Encoded => _encoded.AsSpan(0, _length);

    /// <summary>The longest form that so many coefficients can have.</summary>
    /// <remarks>
    /// Each coefficient is one decision in every plane, and once a sign and its share of a broken run. The coder spends two bits on
    /// a decision at most, if not in each then in the mean, because a state that makes a symbol dear is reached by cheap ones only;
    /// what a block may spend before the mean holds, and the ends, is added.
    /// </remarks>
    internal static int MaximumLengthBytes(int coefficients, int planes) => 1024 + (coefficients * (planes + 4) * 9 / 32);

    public void Encode(ReadOnlySpan<int> values, int stride, int width, int height, BandKind band)
    {
        (_width, _height, _stride, _stripes) = (width, height, width + 2, (height + Rows - 1) / Rows);
        (_length, _segmentPass) = (0, 0);
        Planes = 32 - BitOperations.LeadingZeroCount(Take(values, stride));
        _flags.AsSpan(0, _stride * (_stripes + 2)).Clear();
        Reset(_contexts);
        _significance = SignificanceOf(band);
        var pass = 0;
        for (var plane = Planes - 1; plane >= 0; plane--)
        {
            if (pass > 0)
            {
                var isRaw = BlockSegments.IsRaw(pass, style);
                Code(pass++, plane, Propagate(plane, isRaw));
                Code(pass++, plane, isRaw ? RefineRaw(plane) : Refine(plane));
            }

            Code(pass++, plane, CleanUp(plane));
        }
    }

    /// <summary>Takes the coefficients stripe by stripe, column by column, as the passes go; returns all magnitudes joined by OR.</summary>
    private uint Take(ReadOnlySpan<int> values, int stride)
    {
        var any = Vector128<uint>.Zero;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var first = values[(stripe * Rows * stride)..];
            var height = Math.Min(Rows, _height - (stripe * Rows));
            var target = _coefficients.AsSpan(stripe * _width * Rows, _width * Rows);
            for (var x = 0; x < _width; x++)
            {
                var column = height == Rows
                    ? Vector128.Create(first[x], first[x + stride], first[x + (2 * stride)], first[x + (3 * stride)])
                    : Vector128.Create(first[x], height > 1 ? first[x + stride] : 0, height > 2 ? first[x + (2 * stride)] : 0, 0);
                var magnitudes = Vector128.Abs(column).AsUInt32();
                any |= magnitudes;
                (magnitudes | (column.AsUInt32() & Vector128.Create(SignBit))).CopyTo(target[(x * Rows)..]);
            }
        }

        return any[0] | any[1] | any[2] | any[3];
    }

    /// <summary>Encodes what a pass decided; notes its end and what it gained.</summary>
    private void Code(int pass, int plane, in Decided decided)
    {
        var decisions = _decisions.AsSpan(0, decided.Decisions);
        var isRaw = BlockSegments.IsRaw(pass, style);
        if (BlockSegments.IsBeginning(pass, style))
        {
            (_mq, _segmentPass) = (new MqEncoder(), pass);
            _bytes.Clear();
            _raw.Clear();
        }

        if (isRaw)
        {
            _raw.Write(decisions);
        }
        else
        {
            _mq.Encode(_bytes, _contexts, decisions);
        }

        var (significance, refinement) = plane == 0 ? (LastSignificanceGain, LastRefinementGain) : (SignificanceGain, RefinementGain);
        var gain = (decided.Significant * significance) + (decided.Refined * refinement);
        _passes[pass] = new PassEnd(isRaw ? _raw.Count : _bytes.SufficientCount, Math.ScaleB(gain, 2 * plane));
        if (pass == Passes.Length - 1 || BlockSegments.IsBeginning(pass + 1, style))
        {
            EndSegment(pass, isRaw);
        }
    }

    /// <summary>Ends a segment with a pass. No pass in it needs more bytes than there are, and none ends in FF.</summary>
    private void EndSegment(int last, bool isRaw)
    {
        if (!isRaw)
        {
            _mq.Flush(_bytes);
        }

        var data = isRaw ? _raw.Finish() : _bytes.Written;
        data.CopyTo(_encoded.AsSpan(_length));
        foreach (ref var pass in _passes.AsSpan(_segmentPass, last + 1 - _segmentPass))
        {
            var length = Math.Min(pass.LengthBytes, data.Length);
            pass = pass with { LengthBytes = _length + (length > 0 && length < data.Length && data[length - 1] == 0xFF ? length - 1 : length) };
        }

        _length += data.Length;
        _passes[last] = _passes[last] with { LengthBytes = _length };
    }

    /// <summary>Significance propagation (T.800 §D.3.1).</summary>
    private Decided Propagate(int plane, bool isRaw)
    {
        // A sign that bypasses the coder is told as it is.
        var turns = isRaw ? 0u : byte.MaxValue;
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        ref var decisions = ref MemoryMarshal.GetArrayDataReference(_decisions);
        nint count = 0;
        var significant = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var end = RowStep * Math.Min(Rows, _height - (stripe * Rows));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                if (Candidates(word) == 0)
                {
                    continue;
                }

                var (bits, signs) = BitsOf(ref column, plane);
                for (var shift = 0; shift < end; shift += RowStep, bits >>= 1, signs >>= 1)
                {
                    var context = Unsafe.Add(ref significance, (nint)((word >> shift) & Neighbourhood));
                    var isCandidate = (uint)context / IsCandidate;
                    Unsafe.Add(ref decisions, count) = (byte)(context | (bits & 1));
                    count += (nint)isCandidate;
                    word |= (ulong)isCandidate << (VisitedShift + shift);
                    if ((isCandidate & bits) != 0)
                    {
                        Unsafe.Add(ref decisions, count++) = SignOf(ref words, word, shift, signs & 1, turns);
                        word = BecomeSignificant(ref words, _stride, word, shift, signs & 1);
                        significant++;
                    }
                }

                words = word;
            }
        }

        return new Decided((int)count, significant, 0);
    }

    /// <summary>Magnitude refinement (T.800 §D.3.3).</summary>
    private Decided Refine(int plane)
    {
        const uint RefinedBefore = (FirstRefinement + 2) << 1;
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(RefinementContexts);
        ref var decisions = ref MemoryMarshal.GetArrayDataReference(_decisions);
        nint count = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                var rows = ToRefine(word);
                if (rows == 0)
                {
                    continue;
                }

                words = word | (rows << RefinedShift);
                var (bits, _) = BitsOf(ref column, plane);
                for (var shift = 0; shift < Rows * RowStep; shift += RowStep, bits >>= 1)
                {
                    var first = Unsafe.Add(ref contexts, (nint)((word >> shift) & Neighbourhood));
                    var context = first + ((RefinedBefore - first) & (0 - (uint)((word >> (RefinedShift + shift)) & 1)));
                    Unsafe.Add(ref decisions, count) = (byte)(context | (bits & 1));
                    count += (nint)((rows >> shift) & 1);
                }
            }
        }

        return new Decided((int)count, 0, (int)count);
    }

    /// <summary>The same where it bypasses the coder: what it decides is written at once, behind the propagation of its plane.</summary>
    private Decided RefineRaw(int plane)
    {
        var count = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var rows = ToRefine(words);
                if (rows == 0)
                {
                    continue;
                }

                words |= rows << RefinedShift;
                var taking = BitOperations.PopCount(rows);
                _raw.Write(ColumnBits.Gather(ColumnBits.SelectionOf(rows), BitsOf(ref column, plane).Bits), taking);
                count += taking;
            }
        }

        return new Decided(0, 0, count);
    }

    /// <summary>Cleanup, with runs of four coefficients that nothing is known of (T.800 §D.3.4).</summary>
    private Decided CleanUp(int plane)
    {
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        ref var decisions = ref MemoryMarshal.GetArrayDataReference(_decisions);
        nint count = 0;
        var significant = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var height = Math.Min(Rows, _height - (stripe * Rows));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                var rows = ToCleanUp(word, RowsOf(height));
                var (bits, signs) = rows == 0 ? default : BitsOf(ref column, plane);
                if ((word & (AnySignificant | AnyVisited)) == 0 && height == Rows)
                {
                    Unsafe.Add(ref decisions, count++) = (byte)((Run << 1) | (bits != 0 ? 1 : 0));
                    if (bits == 0)
                    {
                        continue;
                    }

                    // The row that breaks the run is told in two bits, and only its sign after them.
                    var first = BitOperations.TrailingZeroCount(bits);
                    Unsafe.Add(ref decisions, count++) = (byte)((Uniform << 1) | (first >> 1));
                    Unsafe.Add(ref decisions, count++) = (byte)((Uniform << 1) | (first & 1));
                    var sign = (signs >> first) & 1;
                    Unsafe.Add(ref decisions, count++) = SignOf(ref words, word, RowStep * first, sign);
                    word = BecomeSignificant(ref words, _stride, word, RowStep * first, sign);
                    rows &= ~0UL << (RowStep * (first + 1));
                    significant++;
                }

                for (; rows != 0; rows &= rows - 1)
                {
                    var shift = BitOperations.TrailingZeroCount(rows);
                    var row = (int)((uint)shift / RowStep);
                    var bit = (bits >> row) & 1;
                    Unsafe.Add(ref decisions, count++) = (byte)(Unsafe.Add(ref significance, (nint)((word >> shift) & Neighbourhood)) | bit);
                    if (bit != 0)
                    {
                        var sign = (signs >> row) & 1;
                        Unsafe.Add(ref decisions, count++) = SignOf(ref words, word, shift, sign);
                        word = BecomeSignificant(ref words, _stride, word, shift, sign);
                        significant++;
                    }
                }

                words = word & ~AnyVisited;
            }
        }

        return new Decided((int)count, significant, 0);
    }

    /// <summary>The bits of a column's four coefficients in a plane, and their signs; the upper one lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (uint Bits, uint Signs) BitsOf(ref uint column, int plane)
    {
        const int SignPlane = 31;
        var four = Vector128.LoadUnsafe(ref column);
        return ((four << (SignPlane - plane)).ExtractMostSignificantBits(), four.ExtractMostSignificantBits());
    }

    /// <summary>The decision that codes a sign (T.800 §D.3.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte SignOf(ref ulong words, ulong word, int shift, uint sign, uint turns = byte.MaxValue) =>
        (byte)((SignContexts[SignIndex(word, Unsafe.Add(ref words, -1), Unsafe.Add(ref words, 1), shift)] & turns) ^ sign);

    /// <summary>What a pass wrote down.</summary>
    /// <param name="Decisions">How many decisions.</param>
    /// <param name="Significant">Coefficients that became significant.</param>
    /// <param name="Refined">Coefficients that were refined.</param>
    private readonly record struct Decided(int Decisions, int Significant, int Refined);
}

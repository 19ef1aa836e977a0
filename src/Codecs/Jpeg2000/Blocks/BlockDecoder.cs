using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;
using static Panal.Codecs.Jpeg2000.Blocks.StripeFlags;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Decodes the coding passes of code-blocks (T.800 Annex D); its memory is used again for each.</summary>
internal sealed class BlockDecoder : IBlockDecoder
{
    private const int LargestBlock = 4096;
    private const int LargestSide = 1024;
    private const uint SignBit = 0x80000000;

    // One word more on every side; a block may be 4 x 1024 or 1024 x 4.
    private readonly ulong[] _flags = new ulong[(LargestBlock / Rows) + (2 * LargestSide) + (2 * LargestSide / Rows) + 16];
    private readonly uint[] _coefficients = new uint[LargestBlock + (LargestSide * (Rows - 1))];
    private readonly uint[] _contexts = new uint[Count];

    // Contexts of a refinement, then what was decoded; one place more, since those of coefficients that are not refined are written over.
    private readonly byte[] _refinements = new byte[LargestBlock + 1];
    private readonly MqInput _input = new();
    private byte[] _significance = [];
    private int _width;
    private int _height;
    private int _stride;
    private int _stripes;
    private bool _isCausal;
    private int _lastPlane;
    private bool _endsInPropagation;

    public void Begin(int width, int height, int style)
    {
        (_width, _height, _stride, _stripes) = (width, height, width + 2, (height + Rows - 1) / Rows);
        (_lastPlane, _endsInPropagation) = (0, false);
        _isCausal = (style & ComponentStyle.VerticallyCausal) != 0;
        _flags.AsSpan(0, _stride * (_stripes + 2)).Clear();
        _coefficients.AsSpan(0, width * Rows * _stripes).Clear();
        Reset(_contexts);
    }

    public void Decode(ReadOnlySpan<byte> data, int firstPass, int passes, int planes, BandKind band, int style)
    {
        var isRaw = BlockSegments.IsRaw(firstPass, style);
        _significance = SignificanceOf(band);
        _input.Load(data);
        var raw = new RawBits(data);
        var mq = new MqDecoder(_input);
        for (var pass = firstPass; pass < firstPass + passes; pass++)
        {
            var plane = planes - 1 - ((pass + 2) / 3);
            if (plane < 0)
            {
                throw new CodecException(CodecFault.Malformed, $"{pass} passes in {planes} bit-planes.");
            }

            switch ((pass + 2) % 3)
            {
                case 0 when isRaw: Propagate(ref raw, plane); break;
                case 0: mq = Propagate(mq, plane); break;
                case 1 when isRaw: Refine(ref raw, plane); break;
                case 1: mq = Refine(mq, plane); break;
                default:
                    mq = CleanUp(mq, plane);
                    if ((style & ComponentStyle.SegmentationSymbols) != 0)
                    {
                        // 1010 for a decoder that looks for errors; pixels do not depend on it.
                        for (var i = 0; i < 4; i++)
                        {
                            mq.Decode(_input, ref _contexts[Uniform]);
                        }
                    }

                    break;
            }

            (_lastPlane, _endsInPropagation) = (plane, (pass + 2) % 3 == 0);
            if ((style & ComponentStyle.ResetContexts) != 0)
            {
                Reset(_contexts);
            }
        }
    }

    public void CopyRow(int y, int regionShift, Span<int> target)
    {
        target = target[.._width];
        ref var source = ref _coefficients[(y / Rows * _width * Rows) + (y % Rows)];
        for (var x = 0; x < target.Length; x++, source = ref Unsafe.Add(ref source, Rows))
        {
            var magnitude = (int)(source & ~SignBit);
            if (_lastPlane > 0 || _endsInPropagation || regionShift > 0)
            {
                magnitude = Refined(magnitude, LastPlaneOf(x, y), regionShift);
            }

            var sign = (int)source >> 31;
            target[x] = (magnitude ^ sign) - sign;
        }
    }

    public void CopyRow(int y, int regionShift, float step, Span<float> target)
    {
        target = target[.._width];
        ref var source = ref _coefficients[(y / Rows * _width * Rows) + (y % Rows)];
        for (var x = 0; x < target.Length; x++, source = ref Unsafe.Add(ref source, Rows))
        {
            var plane = LastPlaneOf(x, y);
            var magnitude = Refined((int)(source & ~SignBit), plane, regionShift);
            var value = magnitude == 0 ? 0 : (magnitude + (plane > 0 ? 0f : 0.5f)) * step;
            target[x] = (int)source < 0 ? -value : value;
        }
    }

    /// <summary>Bit-planes that were not sent are taken for their middle (T.800 §E.1.1.2).</summary>
    internal static int Refined(int magnitude, int lastPlane, int regionShift)
    {
        magnitude += magnitude != 0 && lastPlane > 0 ? 1 << (lastPlane - 1) : 0;
        return regionShift > 0 && magnitude >> Math.Min(regionShift, 30) != 0 ? magnitude >> regionShift : magnitude;
    }

    /// <summary>The lowest bit-plane that is known of a significant coefficient; 0 is the lowest of all.</summary>
    /// <remarks>When the last pass was a propagation, those that were significant before still wait for their refinement.</remarks>
    private int LastPlaneOf(int x, int y) =>
        _lastPlane + (_endsInPropagation && (_flags[(((y / Rows) + 1) * _stride) + x + 1] >> (VisitedShift + (RowStep * (y % Rows))) & 1) == 0 ? 1 : 0);

    /// <summary>Significance propagation (T.800 §D.3.1).</summary>
    private MqDecoder Propagate(MqDecoder mq, int plane)
    {
        var input = _input;
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(_contexts);
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var allRows = RowsOf(Math.Min(Rows, _height - (stripe * Rows)));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                var rows = Candidates(word) & allRows;
                if (rows == 0)
                {
                    continue;
                }

                do
                {
                    var shift = BitOperations.TrailingZeroCount(rows);
                    rows &= rows - 1;
                    word |= 1UL << (VisitedShift + shift);
                    if (mq.Decode(input, ref ContextAt(ref contexts, Unsafe.Add(ref significance, (nint)((word >> shift) & Neighbourhood)))) != 0)
                    {
                        var sign = DecodeSign(ref mq, input, ref contexts, ref words, word, shift);
                        Unsafe.Add(ref column, (nint)((uint)shift / RowStep)) = (1u << plane) | (sign << 31);
                        word = BecomeSignificant(ref words, _stride, word, shift, sign, _isCausal);

                        // The one below has a significant neighbour now.
                        rows |= (1UL << (shift + RowStep)) & allRows & ~(word >> OwnShift);
                    }
                }
                while (rows != 0);

                words = word;
            }
        }

        return mq;
    }

    private void Propagate(ref RawBits raw, int plane)
    {
        var bits = raw;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var allRows = RowsOf(Math.Min(Rows, _height - (stripe * Rows)));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                for (var rows = Candidates(word) & allRows; rows != 0;)
                {
                    var shift = BitOperations.TrailingZeroCount(rows);
                    rows &= rows - 1;
                    word |= 1UL << (VisitedShift + shift);
                    if (bits.Read() != 0)
                    {
                        var sign = bits.Read();
                        Unsafe.Add(ref column, (nint)((uint)shift / RowStep)) = (1u << plane) | (sign << 31);
                        word = BecomeSignificant(ref words, _stride, word, shift, sign, _isCausal);
                        rows |= (1UL << (shift + RowStep)) & allRows & ~(word >> OwnShift);
                    }
                }

                words = word;
            }
        }

        raw = bits;
    }

    /// <summary>Magnitude refinement (T.800 §D.3.3): no context depends on a decision, so that all are found first, then decoded, then put into their places.</summary>
    private MqDecoder Refine(MqDecoder mq, int plane)
    {
        var decisions = _refinements.AsSpan(0, FindRefinements());
        mq.Decode(_input, _contexts, decisions);
        ref var next = ref MemoryMarshal.GetArrayDataReference(_refinements);
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

                for (var row = 0; row < Rows; row++, rows >>= RowStep)
                {
                    var isRefined = (uint)rows & 1;
                    Unsafe.Add(ref column, row) |= (next & isRefined) << plane;
                    next = ref Unsafe.Add(ref next, (nint)isRefined);
                }
            }
        }

        return mq;
    }

    /// <summary>Writes down the context of each refinement; returns their number.</summary>
    private int FindRefinements()
    {
        const uint RefinedBefore = (FirstRefinement + 2) << 1;
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(RefinementContexts);
        ref var refinements = ref MemoryMarshal.GetArrayDataReference(_refinements);
        nint count = 0;
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1))
            {
                var word = words;
                var rows = ToRefine(word);
                if (rows == 0)
                {
                    continue;
                }

                words = word | (rows << RefinedShift);
                for (var shift = 0; shift < Rows * RowStep; shift += RowStep)
                {
                    var first = Unsafe.Add(ref contexts, (nint)((word >> shift) & Neighbourhood));
                    Unsafe.Add(ref refinements, count) = (byte)(first + ((RefinedBefore - first) & (0 - (uint)((word >> (RefinedShift + shift)) & 1))));
                    count += (nint)((rows >> shift) & 1);
                }
            }
        }

        return (int)count;
    }

    private void Refine(ref RawBits raw, int plane)
    {
        var bits = raw;
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
                var refined = bits.Read(BitOperations.PopCount(rows));
                (Vector128.LoadUnsafe(ref column) | (ColumnBits.Part(ColumnBits.SelectionOf(rows), refined) << plane)).StoreUnsafe(ref column);
            }
        }

        raw = bits;
    }

    /// <summary>Cleanup, with runs of four coefficients that nothing is known of (T.800 §D.3.4).</summary>
    private MqDecoder CleanUp(MqDecoder mq, int plane)
    {
        var input = _input;
        ref var contexts = ref MemoryMarshal.GetArrayDataReference(_contexts);
        ref var significance = ref MemoryMarshal.GetArrayDataReference(_significance);
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var height = Math.Min(Rows, _height - (stripe * Rows));
            ref var words = ref _flags[((stripe + 1) * _stride) + 1];
            ref var column = ref _coefficients[stripe * _width * Rows];
            for (var x = 0; x < _width; x++, words = ref Unsafe.Add(ref words, 1), column = ref Unsafe.Add(ref column, Rows))
            {
                var word = words;
                var rows = ToCleanUp(word, RowsOf(height));
                if ((word & (AnySignificant | AnyVisited)) == 0 && height == Rows)
                {
                    if (mq.DecodeLikely(input, ref Unsafe.Add(ref contexts, Run)) == 0)
                    {
                        continue;
                    }

                    var row = (int)(mq.Decode(input, ref Unsafe.Add(ref contexts, Uniform)) << 1);
                    row |= (int)mq.Decode(input, ref Unsafe.Add(ref contexts, Uniform));
                    var sign = DecodeSign(ref mq, input, ref contexts, ref words, word, RowStep * row);
                    Unsafe.Add(ref column, row) = (1u << plane) | (sign << 31);
                    word = BecomeSignificant(ref words, _stride, word, RowStep * row, sign, _isCausal);
                    rows &= ~0UL << (RowStep * (row + 1));
                }

                for (; rows != 0; rows &= rows - 1)
                {
                    var shift = BitOperations.TrailingZeroCount(rows);
                    if (mq.Decode(input, ref ContextAt(ref contexts, Unsafe.Add(ref significance, (nint)((word >> shift) & Neighbourhood)))) != 0)
                    {
                        var sign = DecodeSign(ref mq, input, ref contexts, ref words, word, shift);
                        Unsafe.Add(ref column, (nint)((uint)shift / RowStep)) = (1u << plane) | (sign << 31);
                        word = BecomeSignificant(ref words, _stride, word, shift, sign, _isCausal);
                    }
                }

                words = word & ~AnyVisited;
            }
        }

        return mq;
    }

    /// <summary>The state of a context that a table names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref uint ContextAt(ref uint contexts, byte named) => ref Unsafe.Add(ref contexts, (nint)((named & ~(uint)IsCandidate) >> 1));

    /// <summary>Decodes the sign of a coefficient that became significant (T.800 §D.3.2); 1 if it is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint DecodeSign(ref MqDecoder mq, MqInput input, ref uint contexts, ref ulong words, ulong word, int shift)
    {
        var named = SignContexts[SignIndex(word, Unsafe.Add(ref words, -1), Unsafe.Add(ref words, 1), shift)];
        return mq.Decode(input, ref Unsafe.Add(ref contexts, named >> 1)) ^ (named & 1u);
    }
}

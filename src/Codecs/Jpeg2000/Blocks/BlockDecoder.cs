using Panal.Codecs.Jpeg2000.Codestream;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Decodes the coding passes of code-blocks (T.800 Annex D); its memory is used again for each.</summary>
internal sealed class BlockDecoder
{
    private const int LargestBlock = 4096;
    private const int StripeRows = 4;
    private const int BlockSideLimit = 1024;

    // One row and one column more on every side, so that neighbours need no test.
    private readonly ushort[] _flags = new ushort[LargestBlock + (2 * (LargestBlock / 4)) + (2 * BlockSideLimit) + 16];
    private readonly int[] _magnitudes = new int[LargestBlock];
    private readonly byte[] _contexts = new byte[Count];
    private int _width;
    private int _height;
    private int _stride;
    private bool _isCausal;
    private int _lastPlane;
    private bool _endsInPropagation;

    /// <summary>Magnitudes of the block that was decoded last, row by row.</summary>
    internal ReadOnlySpan<int> Magnitudes => _magnitudes.AsSpan(0, _width * _height);

    /// <summary>The lowest bit-plane that is known of a significant coefficient; 0 is the lowest of all.</summary>
    /// <remarks>When the last pass was a propagation, those that were significant before still wait for their refinement.</remarks>
    internal int LastPlaneOf(int x, int y) => _lastPlane + (_endsInPropagation && (_flags[At(x, y)] & IsVisited) == 0 ? 1 : 0);

    /// <summary>Whether a coefficient is below zero.</summary>
    internal bool IsBelowZero(int x, int y) => (_flags[At(x, y)] & IsNegative) != 0;

    /// <summary>Begins a block: everything is zero.</summary>
    internal void Begin(int width, int height, int style)
    {
        (_width, _height, _stride, _lastPlane, _endsInPropagation) = (width, height, width + 2, 0, false);
        _isCausal = (style & ComponentStyle.VerticallyCausal) != 0;
        _flags.AsSpan(0, _stride * (height + 2)).Clear();
        _magnitudes.AsSpan(0, width * height).Clear();
        Reset(_contexts);
    }

    /// <summary>Decodes the passes of one segment.</summary>
    /// <param name="data">All bytes of the segment.</param>
    /// <param name="firstPass">How many passes of the block came before.</param>
    /// <param name="passes">How many passes the segment has.</param>
    /// <param name="planes">Bit-planes that are coded in the block, 1 to 31.</param>
    /// <param name="band">Which subband.</param>
    /// <param name="style">Bits of T.800 Table A.19.</param>
    /// <exception cref="CodecException">There are more passes than bit-planes.</exception>
    internal void Decode(ReadOnlySpan<byte> data, int firstPass, int passes, int planes, BandKind band, int style)
    {
        const int BeforeBypass = 10;
        var isRaw = (style & ComponentStyle.Bypass) != 0 && firstPass >= BeforeBypass && (firstPass + 2) % 3 != 2;
        var raw = new RawBits(data);
        var mq = isRaw ? default : new MqDecoder(data);
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
                case 0: Propagate(ref mq, plane, Of(band)); break;
                case 1 when isRaw: Refine(ref raw, plane); break;
                case 1: Refine(ref mq, plane); break;
                default:
                    CleanUp(ref mq, plane, Of(band));
                    if ((style & ComponentStyle.SegmentationSymbols) != 0)
                    {
                        // 1010 for a decoder that looks for errors; pixels do not depend on it.
                        for (var i = 0; i < 4; i++)
                        {
                            mq.Decode(ref _contexts[Uniform]);
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

    private int At(int x, int y) => ((y + 1) * _stride) + x + 1;

    /// <summary>The flags as contexts may use them: a causal block does not look into the next stripe.</summary>
    private int Seen(int at, int y) => _isCausal && (y & 3) == 3 ? _flags[at] & ~(South | SouthWest | SouthEast) : _flags[at];

    /// <summary>Significance propagation (T.800 §D.3.1).</summary>
    private void Propagate(ref MqDecoder mq, int plane, ReadOnlySpan<byte> significance)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = At(x, y);
                    var seen = Seen(at, y);
                    if ((seen & IsSignificant) != 0 || (seen & AnyNeighbour) == 0)
                    {
                        continue;
                    }

                    if (mq.Decode(ref _contexts[significance[seen & AnyNeighbour]]) == 1)
                    {
                        BecomeSignificant(at, x, y, plane, DecodeSign(ref mq, seen));
                    }

                    _flags[at] |= IsVisited;
                }
            }
        }
    }

    private void Propagate(ref RawBits raw, int plane)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = At(x, y);
                    var seen = Seen(at, y);
                    if ((seen & IsSignificant) != 0 || (seen & AnyNeighbour) == 0)
                    {
                        continue;
                    }

                    if (raw.Read() == 1)
                    {
                        BecomeSignificant(at, x, y, plane, raw.Read() == 1);
                    }

                    _flags[at] |= IsVisited;
                }
            }
        }
    }

    /// <summary>Magnitude refinement (T.800 §D.3.3).</summary>
    private void Refine(ref MqDecoder mq, int plane)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = At(x, y);
                    var seen = Seen(at, y);
                    if ((seen & (IsSignificant | IsVisited)) == IsSignificant)
                    {
                        var context = FirstRefinement + ((seen & IsRefined) != 0 ? 2 : (seen & AnyNeighbour) != 0 ? 1 : 0);
                        _magnitudes[(y * _width) + x] |= mq.Decode(ref _contexts[context]) << plane;
                        _flags[at] |= IsRefined;
                    }
                }
            }
        }
    }

    private void Refine(ref RawBits raw, int plane)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = At(x, y);
                    if ((_flags[at] & (IsSignificant | IsVisited)) == IsSignificant)
                    {
                        _magnitudes[(y * _width) + x] |= raw.Read() << plane;
                        _flags[at] |= IsRefined;
                    }
                }
            }
        }
    }

    /// <summary>Cleanup, with runs of four coefficients that nothing is known of (T.800 §D.3.4).</summary>
    private void CleanUp(ref MqDecoder mq, int plane, ReadOnlySpan<byte> significance)
    {
        for (var top = 0; top < _height; top += StripeRows)
        {
            for (var x = 0; x < _width; x++)
            {
                var y = top;
                if (IsRun(x, top))
                {
                    if (mq.Decode(ref _contexts[Run]) == 0)
                    {
                        continue;
                    }

                    y += mq.Decode(ref _contexts[Uniform]) << 1;
                    y += mq.Decode(ref _contexts[Uniform]);
                    BecomeSignificant(At(x, y), x, y, plane, DecodeSign(ref mq, Seen(At(x, y), y)));
                    y++;
                }

                for (; y < Math.Min(top + StripeRows, _height); y++)
                {
                    var at = At(x, y);
                    var seen = Seen(at, y);
                    if ((seen & (IsSignificant | IsVisited)) == 0 && mq.Decode(ref _contexts[significance[seen & AnyNeighbour]]) == 1)
                    {
                        BecomeSignificant(at, x, y, plane, DecodeSign(ref mq, seen));
                    }
                }
            }
        }

        foreach (ref var flags in _flags.AsSpan(0, _stride * (_height + 2)))
        {
            flags &= unchecked((ushort)~IsVisited);
        }
    }

    private bool IsRun(int x, int top)
    {
        if (top + StripeRows > _height)
        {
            return false;
        }

        var any = Seen(At(x, top + 3), top + 3);
        for (var y = top; y < top + 3; y++)
        {
            any |= _flags[At(x, y)];
        }

        return (any & (AnyNeighbour | IsSignificant | IsVisited)) == 0;
    }

    private bool DecodeSign(ref MqDecoder mq, int seen)
    {
        var context = SignOf(seen);
        return (mq.Decode(ref _contexts[context & 0x7F]) ^ (context >> 7)) == 1;
    }

    private void BecomeSignificant(int at, int x, int y, int plane, bool isNegative)
    {
        _magnitudes[(y * _width) + x] |= 1 << plane;
        _flags[at] |= (ushort)(IsSignificant | (isNegative ? IsNegative : 0));
        _flags[at - _stride] |= (ushort)(South | (isNegative ? SouthNegative : 0));
        _flags[at + _stride] |= (ushort)(North | (isNegative ? NorthNegative : 0));
        _flags[at - 1] |= (ushort)(East | (isNegative ? EastNegative : 0));
        _flags[at + 1] |= (ushort)(West | (isNegative ? WestNegative : 0));
        _flags[at - _stride - 1] |= SouthEast;
        _flags[at - _stride + 1] |= SouthWest;
        _flags[at + _stride - 1] |= NorthEast;
        _flags[at + _stride + 1] |= NorthWest;
    }
}

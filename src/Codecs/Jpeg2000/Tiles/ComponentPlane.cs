using System.Buffers;
using System.Runtime.InteropServices;
using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Wavelets;

namespace Panal.Codecs.Jpeg2000.Tiles;

/// <summary>The coefficients, then the samples, of one component in one tile.</summary>
internal sealed class ComponentPlane : IDisposable
{
    private const int PlaneLimit = 31;

    private readonly int[] _values;
    private readonly CodestreamHeaders _headers;
    private readonly TileGeometry _geometry;
    private readonly int _tile;
    private readonly int _component;

    /// <param name="headers">Those of the codestream.</param>
    /// <param name="geometry">That of the tile.</param>
    /// <param name="tile">Which tile.</param>
    /// <param name="component">Which component.</param>
    /// <param name="halvings">How many of the largest resolutions are left out.</param>
    /// <exception cref="CodecException">The component has fewer resolutions.</exception>
    internal ComponentPlane(CodestreamHeaders headers, TileGeometry geometry, int tile, int component, int halvings)
    {
        (_headers, _geometry, _tile, _component) = (headers, geometry, tile, component);
        Style = headers.StyleOf(tile, component);
        if (halvings > Style.Levels)
        {
            throw new CodecException(CodecFault.Unsupported, $"A component of {Style.Levels} levels cannot be halved {halvings} times.");
        }

        Resolutions = Style.Levels + 1 - halvings;
        Area = geometry.Grid(component, Resolutions - 1).Area;
        _values = ArrayPool<int>.Shared.Rent(Math.Max(1, Width * Height));
        Values.Clear();
    }

    /// <summary>Coding style of the component.</summary>
    internal ComponentStyle Style { get; }

    /// <summary>How many resolutions are decoded, the smallest ones.</summary>
    internal int Resolutions { get; }

    /// <summary>The samples that the plane has, on the grid of the component at the largest of these resolutions.</summary>
    internal Area Area { get; }

    internal int Width => Area.X1 - Area.X0;

    internal int Height => Area.Y1 - Area.Y0;

    /// <summary>Row by row; whole numbers if the transform is reversible.</summary>
    internal Span<int> Values => _values.AsSpan(0, Width * Height);

    /// <summary>The same memory as fractions, if the transform is irreversible.</summary>
    internal Span<float> Fractions => MemoryMarshal.Cast<int, float>(Values);

    /// <summary>Decodes the code-blocks of one precinct of a resolution into their places.</summary>
    internal void Decode(ReadOnlySpan<byte> codestream, int resolution, PacketHeaderReader.Band[] bands, ReadOnlySpan<BlockChunk> chunks, IBlockDecoder decoder)
    {
        var quantization = _headers.QuantizationOf(_tile, _component);
        var shift = _headers.RegionShiftOf(_tile, _component);
        for (var b = 0; b < bands.Length; b++)
        {
            var (exponent, mantissa) = quantization.Of(resolution, b);
            var area = _geometry.BandOf(_component, resolution, b);
            var kind = resolution == 0 ? BandKind.Low : (BandKind)(b + 1);
            var gain = kind switch { BandKind.Low => 0, BandKind.HighBoth => 2, _ => 1 };
            var step = MathF.ScaleB(1 + (mantissa / 2048f), _headers.Size.Components[_component].Precision + gain - exponent);
            var (right, below) = PlaceOf(resolution, kind);
            for (var i = 0; i < bands[b].Blocks.Length; i++)
            {
                ref readonly var coded = ref bands[b].Blocks[i];
                if (coded.FirstChunk == 0)
                {
                    continue;
                }

                var block = bands[b].Grid.Block(i);
                var planes = quantization.GuardBits + exponent - 1 + shift - coded.ZeroPlanes;
                if (planes is < 1 or > PlaneLimit)
                {
                    throw new CodecException(planes < 1 ? CodecFault.Malformed : CodecFault.Unsupported, $"A code-block of {planes} bit-planes.");
                }

                DecodeBlock(codestream, chunks, coded.FirstChunk, block, planes, kind, decoder);
                var at = ((below + block.Y0 - area.Y0) * Width) + right + block.X0 - area.X0;
                Store(decoder, block.X1 - block.X0, block.Y1 - block.Y0, at, shift, step);
            }
        }
    }

    /// <summary>Turns the coefficients into samples.</summary>
    internal void Synthesize()
    {
        var resolutions = new Area[Resolutions];
        for (var r = 0; r < resolutions.Length; r++)
        {
            resolutions[r] = _geometry.Grid(_component, r).Area;
        }

        var scratch = ArrayPool<int>.Shared.Rent(Synthesis.ScratchLength(Width, Height));
        try
        {
            if (Style.IsReversible)
            {
                Synthesis.Invert<int, ReversibleLifting>(Values, Width, resolutions, scratch);
            }
            else
            {
                Synthesis.Invert<float, IrreversibleLifting>(Fractions, Width, resolutions, MemoryMarshal.Cast<int, float>(scratch.AsSpan()));
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(scratch);
        }
    }

    public void Dispose() => ArrayPool<int>.Shared.Return(_values);

    private void DecodeBlock(ReadOnlySpan<byte> codestream, ReadOnlySpan<BlockChunk> chunks, int first, in Area block, int planes, BandKind kind, IBlockDecoder decoder)
    {
        decoder.Begin(block.X1 - block.X0, block.Y1 - block.Y0, Style.BlockStyle);
        var longest = 0;
        for (var next = first; next > 0; next = chunks[next - 1].Next)
        {
            longest += chunks[next - 1].LengthBytes;
        }

        var data = ArrayPool<byte>.Shared.Rent(Math.Max(1, longest));
        try
        {
            var pass = 0;
            for (var next = first; next > 0;)
            {
                var (length, passes) = (0, 0);
                do
                {
                    ref readonly var chunk = ref chunks[next - 1];
                    codestream.Slice(chunk.Offset, chunk.LengthBytes).CopyTo(data.AsSpan(length));
                    (length, passes, next) = (length + chunk.LengthBytes, passes + chunk.Passes, chunk.Next);
                }
                while (next > 0 && !chunks[next - 1].BeginsSegment);

                decoder.Decode(data.AsSpan(0, length), pass, passes, planes, kind, Style.BlockStyle);
                pass += passes;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(data);
        }
    }

    private (int Right, int Below) PlaceOf(int resolution, BandKind kind)
    {
        if (resolution == 0)
        {
            return (0, 0);
        }

        var low = _geometry.Grid(_component, resolution - 1).Area;
        return (kind is BandKind.HighX or BandKind.HighBoth ? low.X1 - low.X0 : 0, kind is BandKind.HighY or BandKind.HighBoth ? low.Y1 - low.Y0 : 0);
    }

    private void Store(IBlockDecoder decoder, int width, int height, int at, int shift, float step)
    {
        for (var y = 0; y < height; y++, at += Width)
        {
            if (Style.IsReversible)
            {
                decoder.CopyRow(y, shift, Values.Slice(at, width));
            }
            else
            {
                decoder.CopyRow(y, shift, step, Fractions.Slice(at, width));
            }
        }
    }
}

using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Layers;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Wavelets;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000.Tiles;

/// <summary>Encodes the one tile of a codestream into its packets; its large memory comes from the pool.</summary>
internal sealed class TileEncoder : IDisposable
{
    private readonly CodestreamHeaders _headers;
    private readonly CodecLimits _limits;
    private readonly TileGeometry _geometry;
    private readonly BlockCoders _coders = BlockCoders.Take();
    private readonly IBlockEncoder _encoder;
    private readonly int _style;
    private readonly int[][] _planes;
    private readonly int _width;
    private readonly int _height;
    private readonly List<CodedBlock> _blocks = [];
    private readonly List<Precinct> _precincts = [];
    private CodedPass[] _passes = ArrayPool<CodedPass>.Shared.Rent(1 << 12);
    private byte[] _data = ArrayPool<byte>.Shared.Rent(1 << 16);
    private byte[] _packets = [];
    private int[] _lengths = [];
    private int _passCount;
    private int _dataLength;
    private int _packetLength;

    /// <param name="headers">Those of the codestream, with one tile that begins at 0.</param>
    /// <param name="limits">What the caller accepts.</param>
    internal TileEncoder(CodestreamHeaders headers, CodecLimits limits)
    {
        (_headers, _limits, _geometry) = (headers, limits, new TileGeometry(headers, 0));
        (_width, _height) = (headers.Size.X1, headers.Size.Y1);
        _style = headers.StyleOf(0, 0).BlockStyle;
        _encoder = _coders.EncoderOf(_style);
        _planes = new int[headers.Size.Components.Count][];
        for (var c = 0; c < _planes.Length; c++)
        {
            _planes[c] = ArrayPool<int>.Shared.Rent(_width * _height);
        }
    }

    /// <summary>The packets, joined.</summary>
    internal ReadOnlySpan<byte> Packets => _packets.AsSpan(0, _packetLength);

    /// <summary>The length of each packet, in bytes.</summary>
    internal ReadOnlySpan<int> PacketLengths => _lengths;

    /// <summary>Encodes the samples.</summary>
    internal void Encode(ReadOnlySpan<byte> samples, in SampleLayout layout)
    {
        Load(samples, layout);
        var isTransformed = _headers.StyleOf(0).HasComponentTransform;
        if (isTransformed)
        {
            ComponentTransform.Apply(Plane(0), Plane(1), Plane(2));
        }

        var scratch = ArrayPool<int>.Shared.Rent(Analysis.ScratchLength(_width, _height));
        for (var c = 0; c < _planes.Length; c++)
        {
            var areas = new Area[_headers.StyleOf(0, c).Levels + 1];
            for (var r = 0; r < areas.Length; r++)
            {
                areas[r] = _geometry.Grid(c, r).Area;
            }

            Analysis.Transform(Plane(c), _width, areas, scratch);
        }

        ArrayPool<int>.Shared.Return(scratch);
        var style = _headers.StyleOf(0);
        foreach (var (component, resolution, precinct, layer) in PacketOrder.Of(_geometry, _headers.VolumesOf(0)))
        {
            if (layer == 0)
            {
                EncodePrecinct(component, resolution, precinct, isTransformed ? ComponentTransform.Norm(component) : 1);
            }
        }

        LayerAssignment.Assign(CollectionsMarshal.AsSpan(_blocks), _passes.AsSpan(0, _passCount), style.Layers);
        WritePackets(style.Layers);
    }

    public void Dispose()
    {
        Array.ForEach(_planes, plane => ArrayPool<int>.Shared.Return(plane));
        ArrayPool<CodedPass>.Shared.Return(_passes);
        ArrayPool<byte>.Shared.Return(_data);
        ArrayPool<byte>.Shared.Return(_packets);
        (_passes, _data, _packets) = ([], [], []);
        _coders.Dispose();
    }

    private Span<int> Plane(int component) => _planes[component].AsSpan(0, _width * _height);

    /// <summary>Takes the samples, unsigned ones shifted so that their middle is 0 (T.800 §G.1).</summary>
    private void Load(ReadOnlySpan<byte> samples, in SampleLayout layout)
    {
        var row = ArrayPool<ushort>.Shared.Rent(_width);
        var (extended, middle) = layout.IsSigned ? (32 - layout.BitsStored, 0) : (0, 1 << (layout.BitsStored - 1));
        for (var c = 0; c < layout.Components; c++)
        {
            for (var y = 0; y < layout.Height; y++)
            {
                SampleRows.Read(layout, samples, c, y, row, layout.BitsStored);
                Shift(row.AsSpan(0, _width), Plane(c).Slice(y * _width, _width), extended, middle);
            }
        }

        ArrayPool<ushort>.Shared.Return(row);
    }

    private static void Shift(ReadOnlySpan<ushort> row, Span<int> target, int extended, int middle)
    {
        var x = 0;
        for (; x <= row.Length - Vector<ushort>.Count; x += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(row[x..]), out var lower, out var upper);
            (((lower.As<uint, int>() << extended) >> extended) - new Vector<int>(middle)).CopyTo(target[x..]);
            (((upper.As<uint, int>() << extended) >> extended) - new Vector<int>(middle)).CopyTo(target[(x + Vector<int>.Count)..]);
        }

        for (; x < row.Length; x++)
        {
            target[x] = ((row[x] << extended) >> extended) - middle;
        }
    }

    private void EncodePrecinct(int component, int resolution, int index, double norm)
    {
        var grids = _geometry.BlocksOf(component, resolution, index);
        var bands = new CodedBlock[grids.Length][];
        var quantization = _headers.QuantizationOf(0, component);
        for (var b = 0; b < grids.Length; b++)
        {
            var kind = resolution == 0 ? BandKind.Low : (BandKind)(b + 1);
            var depth = _headers.StyleOf(0, component).Levels - resolution + (resolution == 0 ? 0 : 1);
            var weight = norm * Analysis.Norm(depth, kind is BandKind.HighX or BandKind.HighBoth, kind is BandKind.HighY or BandKind.HighBoth);
            var planes = quantization.GuardBits + quantization.Of(resolution, b).Exponent - 1;
            var low = resolution == 0 ? default : _geometry.Grid(component, resolution - 1).Area;
            var right = kind is BandKind.HighX or BandKind.HighBoth ? low.X1 : 0;
            var below = kind is BandKind.HighY or BandKind.HighBoth ? low.Y1 : 0;
            bands[b] = new CodedBlock[grids[b].Across * grids[b].Down];
            for (var i = 0; i < bands[b].Length; i++)
            {
                var area = grids[b].Block(i);
                _encoder.Encode(Plane(component)[(((below + area.Y0) * _width) + right + area.X0)..], _width, area.X1 - area.X0, area.Y1 - area.Y0, kind);
                _blocks.Add(bands[b][i] = Keep(planes, weight * weight));
            }
        }

        _precincts.Add(new Precinct(grids, bands));
    }

    /// <summary>Keeps what the encoder made of a block.</summary>
    private CodedBlock Keep(int planes, double weight)
    {
        if (_encoder.MagnitudeBits > planes)
        {
            throw new InvalidOperationException($"A code-block of {_encoder.MagnitudeBits} bit-planes where the header promises {planes}.");
        }

        var encoded = _encoder.Encoded;
        var passes = _encoder.Passes;
        var block = new CodedBlock(_dataLength, _passCount, passes.Length, planes - _encoder.Planes);
        if (_encoder.Planes == 0)
        {
            return block;
        }

        Grow(ref _data, _dataLength, (long)_dataLength + encoded.Length);
        encoded.CopyTo(_data.AsSpan(_dataLength));
        _dataLength += encoded.Length;
        Grow(ref _passes, _passCount, (long)_passCount + passes.Length);
        foreach (ref readonly var pass in passes)
        {
            _passes[_passCount++] = new CodedPass(pass.LengthBytes, pass.Gain * weight);
        }

        return block;
    }

    private void WritePackets(int layers)
    {
        var headers = _precincts.Sum(precinct => (long)layers * PacketWriter.HeaderLimitBytes(precinct.Blocks, _style));
        Grow(ref _packets, 0, headers + _dataLength);
        _lengths = new int[layers * _precincts.Count];
        var packet = 0;
        foreach (var precinct in _precincts)
        {
            var writer = new PacketWriter(precinct.Grids, precinct.Bands, _passes, _style);
            for (var layer = 0; layer < layers; layer++)
            {
                var length = writer.Write(layer, _passes, _data, _packets.AsSpan(_packetLength));
                _lengths[packet++] = length;
                _packetLength += length;
            }
        }
    }

    private void Grow<T>(ref T[] array, int used, long needed)
    {
        if (needed <= array.Length)
        {
            return;
        }

        if (needed > Math.Max(_limits.FrameLengthBytes, 1 << 20) || needed > Array.MaxLength)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"An encoded frame takes {needed} bytes or passes.");
        }

        var larger = ArrayPool<T>.Shared.Rent((int)Math.Min(Math.Max(needed, 2L * array.Length), Array.MaxLength));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    private sealed record Precinct(BlockGrid[] Grids, CodedBlock[][] Bands)
    {
        internal int Blocks => Bands.Sum(band => band.Length);
    }
}

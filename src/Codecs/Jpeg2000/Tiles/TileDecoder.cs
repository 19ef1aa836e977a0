using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000.Tiles;

/// <summary>Decodes one tile after the other into the caller's samples.</summary>
internal sealed class TileDecoder(PacketIndex index, Jpeg2000View view) : IDisposable
{
    private readonly BlockCoders _coders = BlockCoders.Take();

    /// <summary>Gives the coders of its blocks back.</summary>
    public void Dispose() => _coders.Dispose();

    /// <summary>Decodes a tile.</summary>
    internal void Decode(ReadOnlySpan<byte> codestream, int tile, ReadOnlySpan<Packet> packets, in SampleLayout layout, Span<byte> samples)
    {
        var geometry = index.Geometry(tile);
        _coders.Chunks.Clear();
        var reader = new PacketHeaderReader(geometry, index.Headers, tile, _coders.Chunks);
        foreach (ref readonly var packet in packets)
        {
            if (packet.Layer < view.Layers && packet.Resolution <= index.Headers.StyleOf(tile, packet.Component).Levels - view.Halvings)
            {
                reader.Read(codestream, packet);
            }
        }

        var planes = new ComponentPlane[geometry.Components];
        try
        {
            for (var c = 0; c < planes.Length; c++)
            {
                planes[c] = new ComponentPlane(index.Headers, geometry, tile, c, view.Halvings);
            }

            var chunks = CollectionsMarshal.AsSpan(_coders.Chunks);
            foreach (var (component, resolution, bands) in reader.Precincts)
            {
                planes[component].Decode(codestream, resolution, bands, chunks, _coders.DecoderOf(planes[component].Style.BlockStyle));
            }

            foreach (var plane in planes)
            {
                plane.Synthesize();
            }

            if (index.Headers.StyleOf(tile).HasComponentTransform)
            {
                ComponentTransform.Invert(planes);
            }

            for (var c = 0; c < planes.Length; c++)
            {
                Write(planes[c], index.Headers.Size, tile, c, layout, samples);
            }
        }
        finally
        {
            Array.ForEach(planes, plane => plane?.Dispose());
        }
    }

    /// <summary>Puts the samples of a plane into their places; those of a subsampled component are repeated.</summary>
    private void Write(ComponentPlane plane, ImageSize size, int tile, int component, in SampleLayout layout, Span<byte> samples)
    {
        var (precision, isSigned, stepX, stepY) = size.Components[component];
        var image = size.Whole.Reduce(1L << view.Halvings, 1L << view.Halvings);
        var area = size.Tile(tile).Reduce(1L << view.Halvings, 1L << view.Halvings);
        var width = area.X1 - area.X0;
        if (width == 0 || plane.Width == 0 || plane.Height == 0)
        {
            return;
        }

        var row = ArrayPool<int>.Shared.Rent(width);
        for (var y = area.Y0; y < area.Y1; y++)
        {
            var line = Math.Clamp((y / stepY) - plane.Area.Y0, 0, plane.Height - 1) * plane.Width;
            if (plane.Style.IsReversible && stepX == 1 && width <= plane.Width)
            {
                plane.Values.Slice(line, width).CopyTo(row);
            }
            else
            {
                Spread(plane, line, stepX, area.X0, row.AsSpan(0, width));
            }

            Clamp(row.AsSpan(0, width), precision, isSigned, layout.IsSigned);
            SampleRows.Write(layout, samples, component, y - image.Y0, area.X0 - image.X0, row.AsSpan(0, width));
        }

        ArrayPool<int>.Shared.Return(row);
    }

    /// <summary>Gives a row of samples from the line of a plane, each as often as the component leaves it out.</summary>
    private static void Spread(ComponentPlane plane, int line, int stepX, int left, Span<int> row)
    {
        for (var x = 0; x < row.Length; x++)
        {
            var column = line + (stepX == 1 ? Math.Min(x, plane.Width - 1) : Math.Clamp(((x + left) / stepX) - plane.Area.X0, 0, plane.Width - 1));
            row[x] = plane.Style.IsReversible ? plane.Values[column] : (int)MathF.Round(Math.Clamp(plane.Fractions[column], -1e9f, 1e9f));
        }
    }

    /// <summary>Shifts the samples of an unsigned component back, and keeps them within their bits (T.800 §G.1).</summary>
    private static void Clamp(Span<int> row, int precision, bool isSigned, bool isSignWanted)
    {
        var (lowest, highest) = isSigned ? (-(1 << (precision - 1)), (1 << (precision - 1)) - 1) : (0, (1 << precision) - 1);
        var shift = isSigned ? 0 : 1 << (precision - 1);
        var extended = isSignWanted ? 32 - precision : 0;
        var mask = isSignWanted ? -1 : (1 << precision) - 1;
        var x = 0;
        for (; x <= row.Length - Vector<int>.Count; x += Vector<int>.Count)
        {
            var values = Vector.Clamp(new Vector<int>(row[x..]) + new Vector<int>(shift), new Vector<int>(lowest), new Vector<int>(highest));
            (((values << extended) >> extended) & new Vector<int>(mask)).CopyTo(row[x..]);
        }

        for (; x < row.Length; x++)
        {
            row[x] = ((Math.Clamp(row[x] + shift, lowest, highest) << extended) >> extended) & mask;
        }
    }
}

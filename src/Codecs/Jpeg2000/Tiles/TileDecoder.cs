using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000.Tiles;

/// <summary>Decodes one tile after the other into the caller's samples.</summary>
internal sealed class TileDecoder(PacketIndex index)
{
    private readonly BlockDecoder _blocks = new();

    /// <summary>Decodes a tile.</summary>
    internal void Decode(ReadOnlySpan<byte> codestream, int tile, ReadOnlySpan<Packet> packets, in SampleLayout layout, Span<byte> samples)
    {
        var geometry = index.Geometry(tile);
        var reader = new PacketHeaderReader(geometry, index.Headers, tile, keepsChunks: true);
        foreach (ref readonly var packet in packets)
        {
            reader.Read(codestream, packet);
        }

        var planes = new ComponentPlane[geometry.Components];
        try
        {
            for (var c = 0; c < planes.Length; c++)
            {
                planes[c] = new ComponentPlane(index.Headers, geometry, tile, c);
            }

            foreach (var (component, resolution, bands) in reader.Precincts)
            {
                planes[component].Decode(codestream, resolution, bands, _blocks);
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
    private static void Write(ComponentPlane plane, ImageSize size, int tile, int component, in SampleLayout layout, Span<byte> samples)
    {
        var (precision, isSigned, stepX, stepY) = size.Components[component];
        var area = size.Tile(tile);
        var (lowest, highest) = isSigned ? (-(1 << (precision - 1)), (1 << (precision - 1)) - 1) : (0, (1 << precision) - 1);
        var shift = isSigned ? 0 : 1 << (precision - 1);
        var extended = layout.IsSigned ? 32 - precision : 0;
        var mask = layout.IsSigned ? -1 : (1 << precision) - 1;
        for (var y = area.Y0; y < area.Y1; y++)
        {
            var row = Math.Clamp((y / stepY) - plane.Area.Y0, 0, plane.Height - 1) * plane.Width;
            for (var x = area.X0; x < area.X1; x++)
            {
                var at = row + (stepX == 1 ? x - area.X0 : Math.Clamp((x / stepX) - plane.Area.X0, 0, plane.Width - 1));
                var value = plane.Style.IsReversible ? plane.Values[at] : (int)MathF.Round(Math.Clamp(plane.Fractions[at], -1e9f, 1e9f));
                value = Math.Clamp(value + shift, lowest, highest);
                Put(layout, samples, component, x - size.X0, y - size.Y0, ((value << extended) >> extended) & mask);
            }
        }
    }

    private static void Put(in SampleLayout layout, Span<byte> samples, int component, int x, int y, int value)
    {
        var at = layout.IsPlanar
            ? (((component * layout.Height) + y) * layout.Width) + x
            : (((y * layout.Width) + x) * layout.Components) + component;
        if (layout.BytesPerSample == 1)
        {
            samples[at] = (byte)value;
        }
        else
        {
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(samples)[at] = (ushort)value;
        }
    }
}

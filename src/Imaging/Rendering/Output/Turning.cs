namespace Panal.Imaging.Rendering.Output;

/// <summary>Parts, quarter turns and mirror images of rendered frames.</summary>
internal static class Turning
{
    /// <summary>A part; it lies within the frame.</summary>
    internal static RenderedFrame Crop(RenderedFrame from, int left, int top, int width, int height)
    {
        var part = RenderedFrame.Black(width, height, from.Channels);
        var rowBytes = width * from.Channels;
        for (var row = 0; row < height; row++)
        {
            from.Samples.AsSpan((((top + row) * from.Width) + left) * from.Channels, rowBytes).CopyTo(part.Samples.AsSpan(row * rowBytes));
        }

        return part;
    }

    /// <summary>Turned by 90 degrees clockwise.</summary>
    internal static RenderedFrame Quarter(RenderedFrame from) =>
        Move(from, RenderedFrame.Black(from.Height, from.Width, from.Channels), (column, row) => (from.Height - 1 - row, column));

    /// <summary>Left and right exchanged.</summary>
    internal static RenderedFrame Mirror(RenderedFrame from) =>
        Move(from, RenderedFrame.Black(from.Width, from.Height, from.Channels), (column, row) => (from.Width - 1 - column, row));

    /// <summary>Above and below exchanged.</summary>
    internal static RenderedFrame Overturn(RenderedFrame from) =>
        Move(from, RenderedFrame.Black(from.Width, from.Height, from.Channels), (column, row) => (column, from.Height - 1 - row));

    private static RenderedFrame Move(RenderedFrame from, RenderedFrame to, Func<int, int, (int Column, int Row)> place)
    {
        var at = 0;
        for (var row = 0; row < from.Height; row++)
        {
            for (var column = 0; column < from.Width; column++, at += from.Channels)
            {
                var (toColumn, toRow) = place(column, row);
                from.Samples.AsSpan(at, from.Channels).CopyTo(to.Samples.AsSpan(((toRow * to.Width) + toColumn) * to.Channels));
            }
        }

        return to;
    }
}

namespace Panal.Imaging.Rendering;

/// <summary>A frame as it is looked at: 8 bits a sample, row by row, grey or red, green and blue side by side.</summary>
/// <param name="Width">Columns, in pixels.</param>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Channels">1 for grey, 3 for RGB.</param>
/// <param name="Samples">Width × Height × Channels bytes.</param>
public sealed record RenderedFrame(int Width, int Height, int Channels, byte[] Samples)
{
    /// <summary>A black one.</summary>
    internal static RenderedFrame Black(int width, int height, int channels) => new(width, height, channels, new byte[width * height * channels]);

    /// <summary>Makes a pixel a shade of grey.</summary>
    internal void Paint(int column, int row, byte grey) =>
        Samples.AsSpan(((row * Width) + column) * Channels, Channels).Fill(grey);

    /// <summary>The same picture in three channels.</summary>
    internal RenderedFrame InColour()
    {
        if (Channels == 3)
        {
            return this;
        }

        var colours = new byte[3 * Samples.Length];
        for (var i = 0; i < Samples.Length; i++)
        {
            colours.AsSpan(3 * i, 3).Fill(Samples[i]);
        }

        return this with { Channels = 3, Samples = colours };
    }
}

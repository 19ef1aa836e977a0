namespace Panal.Imaging.Rendering.Output;

/// <summary>The sign of a picture that is made of less than the whole image: a border of black and white dashes, which no image has.</summary>
internal static class PreviewSign
{
    private const int Width = 3, Dash = 8;

    /// <summary>Paints it over the edge of a picture.</summary>
    internal static void Paint(RenderedFrame picture)
    {
        for (var row = 0; row < picture.Height; row++)
        {
            for (var column = 0; column < picture.Width; column++)
            {
                if (row < Width || row >= picture.Height - Width || column < Width || column >= picture.Width - Width)
                {
                    picture.Paint(column, row, ((row + column) / Dash & 1) == 0 ? byte.MaxValue : byte.MinValue);
                }
            }
        }
    }
}

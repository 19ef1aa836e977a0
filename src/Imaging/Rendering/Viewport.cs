namespace Panal.Imaging.Rendering;

/// <summary>A part of an image, and the rectangle that it must fit into. PS3.18 §8.3.5.1.3.</summary>
/// <param name="Width">Width of the rectangle, 1 to <see cref="Limit"/> pixels.</param>
/// <param name="Height">Its height.</param>
public sealed record Viewport(int Width, int Height)
{
    /// <summary>The largest width or height, in pixels: that of the largest displays for reading.</summary>
    public const int Limit = 8192;

    /// <summary>Left column of the part, from 0.</summary>
    public double Left { get; init; }

    /// <summary>Upper row of the part, from 0.</summary>
    public double Top { get; init; }

    /// <summary>Columns of the part; null for all to the right edge; negative to mirror it.</summary>
    public double? Columns { get; init; }

    /// <summary>Rows of the part; null for all to the lower edge; negative to mirror it.</summary>
    public double? Rows { get; init; }

    /// <summary>Whether the size is within the limit and the part has one.</summary>
    public bool IsValid => Width is >= 1 and <= Limit && Height is >= 1 and <= Limit && Left >= 0 && Top >= 0
        && double.IsFinite(Left) && double.IsFinite(Top) && Columns is null or (not 0 and > -65536 and < 65536) && Rows is null or (not 0 and > -65536 and < 65536);
}

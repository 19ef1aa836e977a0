namespace Panal.Codecs.Jpeg2000;

/// <summary>What of a codestream is decoded. Anything but the whole is a preview: it must be marked as lossy, and never kept in place of the image.</summary>
/// <param name="Layers">The first so many quality layers, at least 1.</param>
/// <param name="Halvings">How often width and height are halved, 0 for their full size; at most as often as the codestream has levels.</param>
public readonly record struct Jpeg2000View(int Layers, int Halvings)
{
    /// <summary>All layers in full size.</summary>
    public static Jpeg2000View Whole { get; } = new(int.MaxValue, 0);
}

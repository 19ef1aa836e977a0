using Panal.Imaging.Rendering.Grey;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.Imaging.Rendering;

/// <summary>How a frame is wanted.</summary>
public sealed record RenderOptions
{
    /// <summary>As the image itself says.</summary>
    public static RenderOptions Default { get; } = new();

    /// <summary>The limits that rendering keeps to: a frame of 256 MB decoded is larger than any that is made for looking at.</summary>
    public static ImageLimits Limits { get; } = new() { Codec = new Codecs.CodecLimits { FrameLengthBytes = 256 << 20 }, EncodedFrameLengthBytes = 256 << 20 };

    /// <summary>A window instead of the one of the image or of the presentation state; grey images only.</summary>
    public Window? Window { get; init; }

    /// <summary>Whether overlays are painted.</summary>
    public bool ShowsOverlays { get; init; } = true;

    /// <summary>A presentation state instead of what the image says of its own presentation.</summary>
    public PresentationState? State { get; init; }

    /// <summary>Whether the picture is marked as one of less than the whole image.</summary>
    public bool IsPreview { get; init; }

    /// <summary>The part of the image that is wanted and the size of the answer.</summary>
    public Viewport? Viewport { get; init; }
}

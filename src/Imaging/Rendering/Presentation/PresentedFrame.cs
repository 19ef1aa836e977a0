using System.Runtime.InteropServices;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering.Grey;
using Panal.Imaging.Rendering.Output;
using Panal.Imaging.Rendering.Planes;

namespace Panal.Imaging.Rendering.Presentation;

/// <summary>What a presentation state says of one frame. What it does not say is not done, whatever the image says (PS3.4 §N.2.1).</summary>
internal sealed class PresentedFrame(DataSet state, DataSet? voi, DataSet? area, IReadOnlyList<DataSet> annotations)
{
    /// <summary>Presentation LUT, or null for a shape.</summary>
    internal LookupTable? PresentationTable { get; } =
        state.GetSequence(Tags.PresentationLUTSequence) is [var item, ..] ? LookupTable.Read(item, isSigned: false) : null;

    /// <summary>Presentation LUT Shape (2050,0020) INVERSE.</summary>
    internal bool IsInverse => PresentationTable is null && state.GetString(Tags.PresentationLUTShape) == "INVERSE";

    internal ModalityTransform Modality(PixelDescription pixels) => ModalityTransform.Read(state, pixels.IsSigned) ?? ModalityTransform.Identity;

    /// <summary>The window or table; without one all values that there could be.</summary>
    internal VoiTransform Voi(ModalityTransform modality, PixelDescription pixels)
    {
        var isSigned = modality.Table is null && (pixels.IsSigned || modality.Intercept < 0);
        if (voi is not null && VoiTransform.Read(voi, isSigned) is { } own)
        {
            return own;
        }

        if (modality.Table is { } table)
        {
            return new VoiTransform(Window.Spanning(0, table.MaximumValue), null);
        }

        var lowest = pixels.IsSigned ? -(1L << (pixels.BitsStored - 1)) : 0;
        var (from, to) = (modality.Map(lowest), modality.Map(lowest + (1L << pixels.BitsStored) - 1));
        return new VoiTransform(Window.Spanning(Math.Min(from, to), Math.Max(from, to)), null);
    }

    /// <summary>The planes that are shown: those of the image that the state activates, and its own.</summary>
    internal IEnumerable<OverlayPlane> Choose(IEnumerable<OverlayPlane> ofImage, PixelDescription pixels, ImageLimits limits)
    {
        var own = OverlayPlane.Of(state, 0, pixels, default, limits).ToArray();
        var shutter = state.GetUInt16(Tags.ShutterOverlayGroup);
        return ofImage.Where(plane => own.All(one => one.Group != plane.Group)).Concat(own)
            .Where(plane => plane.Group != shutter && state.HasValue(new Tag(plane.Group, Tags.OverlayActivationLayer.Element)));
    }

    /// <summary>Covers what the shutter covers, draws, and puts the displayed area the right way up.</summary>
    internal RenderedFrame Place(RenderedFrame rendered)
    {
        (DataSet Annotation, byte Grey)[] shaded = [.. annotations.Select(annotation => (annotation, GreyOf(annotation.GetString(Tags.GraphicLayer))))];
        Shutter.Read(state)?.Cover(rendered);
        Drawing.Draw(rendered, shaded, isDisplay: false);
        var placing = PlacingOf(rendered);
        var placed = Turn(Turning.Crop(rendered, placing.Left, placing.Top, placing.Width, placing.Height), placing);
        Drawing.Draw(placed, shaded, isDisplay: true);
        TextObjects.Write(placed, placing, shaded);
        return placed;
    }

    /// <summary>The shade that a layer asks for, of a P-Value of 16 bits; white when it does not (PS3.3 §C.10.7).</summary>
    private byte GreyOf(string? layer)
    {
        var own = state.GetSequence(Tags.GraphicLayerSequence).FirstOrDefault(one => one.GetString(Tags.GraphicLayer) == layer);
        return (byte)((own?.GetUInt16(Tags.GraphicLayerRecommendedDisplayGrayscaleValue) ?? ushort.MaxValue) >> 8);
    }

    private Placing PlacingOf(RenderedFrame rendered)
    {
        var whole = new Placing(
            0, 0, rendered.Width, rendered.Height, (state.GetUInt16(Tags.ImageRotation) ?? 0) / 90 % 4, state.GetString(Tags.ImageHorizontalFlip) == "Y");
        if (area is null || Corner(Tags.DisplayedAreaTopLeftHandCorner) is not { } first || Corner(Tags.DisplayedAreaBottomRightHandCorner) is not { } last)
        {
            return whole;
        }

        // Columns and rows from 1; which corner is which depends on how the image is turned (PS3.3 §C.10.4).
        var left = Math.Clamp(Math.Min(first.Column, last.Column) - 1, 0, rendered.Width - 1);
        var top = Math.Clamp(Math.Min(first.Row, last.Row) - 1, 0, rendered.Height - 1);
        var right = Math.Clamp(Math.Max(first.Column, last.Column), left + 1, rendered.Width);
        var bottom = Math.Clamp(Math.Max(first.Row, last.Row), top + 1, rendered.Height);
        return whole with { Left = left, Top = top, Width = right - left, Height = bottom - top };
    }

    /// <summary>First the rotation, clockwise, then the mirroring (PS3.3 §C.10.6).</summary>
    private static RenderedFrame Turn(RenderedFrame rendered, Placing placing)
    {
        for (var quarter = 0; quarter < placing.Quarters; quarter++)
        {
            rendered = Turning.Quarter(rendered);
        }

        return placing.IsMirrored ? Turning.Mirror(rendered) : rendered;
    }

    private (int Column, int Row)? Corner(Tag tag)
    {
        area!.TryGet(tag, out var element);
        var numbers = MemoryMarshal.Cast<byte, int>(element.Value.Span);
        return numbers.Length >= 2 ? (numbers[0], numbers[1]) : null;
    }
}

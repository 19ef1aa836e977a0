using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering.Colour;
using Panal.Imaging.Rendering.Grey;
using Panal.Imaging.Rendering.Output;
using Panal.Imaging.Rendering.Planes;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.Imaging.Rendering;

/// <summary>Makes of a stored frame what is looked at. PS3.4 §N.2; PS3.3 §C.7.6.3, §C.11.</summary>
public static class FrameRenderer
{
    /// <summary>Renders one frame.</summary>
    /// <param name="image">The image; its stream is read.</param>
    /// <param name="frame">The frame, from 0.</param>
    /// <param name="options">How it is wanted.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <exception cref="ImageException">It is damaged, beyond a limit, or of a kind that is not rendered.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static RenderedFrame Render(StoredImage image, int frame, RenderOptions options, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(limits);
        if (image.Pixels is not { } pixels)
        {
            throw new ImageException(ImageFault.Unsupported, "There is no pixel data.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(frame);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame, pixels.Frames);
        try
        {
            // What is wanted may be a part of the state that the presentation state makes of the image, so it comes last.
            var presented = options.State?.Of(image.Attributes.GetString(Tags.SOPInstanceUID) ?? "", frame);
            var rendered = Paint(image, frame, options, presented, limits);
            rendered = presented is null ? rendered : presented.Place(rendered);
            rendered = options.Viewport is { } viewport ? Scaling.Fit(rendered, viewport) : rendered;
            if (options.IsPreview)
            {
                PreviewSign.Paint(rendered);
            }

            return rendered;
        }
        catch (DicomFormatException e)
        {
            throw new ImageException(ImageFault.Damaged, e.Message, e);
        }
    }

    private static RenderedFrame Paint(StoredImage image, int frame, RenderOptions options, PresentedFrame? presented, ImageLimits limits)
    {
        var decoded = DecodedFrame.Read(image, frame, limits);
        var pixels = decoded.Pixels;
        var isPalette = pixels.Photometric == "PALETTE COLOR";
        var rendered = pixels.SamplesPerPixel switch
        {
            1 when isPalette => Palette.Read(image.Attributes, pixels.IsSigned).Apply(Values(decoded), pixels.Columns, pixels.Rows),
            1 => RenderGrey(image, frame, decoded, options, presented),
            3 => ColourSamples.ToRgb(decoded.Samples, pixels, pixels.Photometric, decoded.IsSubsampled),
            _ => throw new ImageException(ImageFault.Unsupported, $"{pixels.SamplesPerPixel} samples a pixel are not rendered."),
        };
        if (options.ShowsOverlays)
        {
            var planes = OverlayPlane.Of(image.Attributes, frame, pixels, decoded.HasUnusedBits ? decoded.Samples : default, limits)
                .Concat(OverlayPlane.Of(image.Trailing, frame, pixels, default, limits));
            foreach (var plane in presented is null ? planes : presented.Choose(planes, pixels, limits))
            {
                plane.Paint(rendered);
            }
        }

        return rendered;
    }

    private static StoredValues Values(DecodedFrame decoded) => StoredValues.Of(decoded.Samples, decoded.Pixels, decoded.FirstBit, decoded.HasUnusedBits);

    private static RenderedFrame RenderGrey(StoredImage image, int frame, DecodedFrame decoded, RenderOptions options, PresentedFrame? presented)
    {
        var (pixels, attributes) = (decoded.Pixels, image.Attributes);
        var values = Values(decoded);
        var rendered = RenderedFrame.Black(pixels.Columns, pixels.Rows, 1);
        var modality = presented is null ? ModalityTransform.Of(attributes, frame, pixels.IsSigned) : presented.Modality(pixels);
        var asked = options.Window is { } window ? new VoiTransform(window, null) : null;
        if (presented is not null)
        {
            var voi = asked ?? presented.Voi(modality, pixels);
            new GreyTransform(modality, voi, presented.PresentationTable, presented.IsInverse).Apply(values, rendered.Samples);
            return rendered;
        }

        // A table of values of interest takes what a table of the modality gives, which has no sign.
        var isSigned = modality.Table is null && (pixels.IsSigned || modality.Intercept < 0);
        var own = asked ?? VoiTransform.Of(attributes, frame, isSigned) ?? new VoiTransform(WholeRange(values, modality, attributes), null);
        new GreyTransform(modality, own, presentation: null, pixels.Photometric == "MONOCHROME1").Apply(values, rendered.Samples);
        return rendered;
    }

    /// <summary>The window of all values of a frame but padding, for images that name none.</summary>
    private static Window WholeRange(StoredValues values, ModalityTransform modality, DataSet attributes)
    {
        var padding = attributes.GetInt64(Tags.PixelPaddingValue);
        var limit = attributes.GetInt64(Tags.PixelPaddingRangeLimit) ?? padding;
        var (lowest, highest) = padding is null ? values.Range() : values.Range(value =>
            value < Math.Min(padding.Value, limit!.Value) || value > Math.Max(padding.Value, limit.Value));
        var (from, to) = (double.MaxValue, double.MinValue);
        if (modality.Table is null)
        {
            (from, to) = (modality.Map(lowest), modality.Map(highest));
            return Window.Spanning(Math.Min(from, to), Math.Max(from, to));
        }

        for (var value = lowest; value <= highest; value++)
        {
            (from, to) = (Math.Min(from, modality.Map(value)), Math.Max(to, modality.Map(value)));
        }

        return Window.Spanning(from, to);
    }
}

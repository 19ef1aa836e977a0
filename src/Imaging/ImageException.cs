using Panal.Codecs;

namespace Panal.Imaging;

/// <summary>Why a stored image cannot be taken apart or put into another transfer syntax.</summary>
public enum ImageFault
{
    /// <summary>The data set, its pixel data or a frame is damaged or contradicts itself.</summary>
    Damaged,

    /// <summary>The standard allows it, this archive cannot do it.</summary>
    Unsupported,

    /// <summary>It is beyond a limit.</summary>
    LimitExceeded,
}

/// <summary>A stored image that cannot be taken apart or transcoded; the message holds numbers and names of the standard only.</summary>
public sealed class ImageException : Exception
{
    public ImageException(ImageFault fault, string message, Exception? cause = null)
        : base(message, cause) => Fault = fault;

    /// <summary>The kind of the refusal.</summary>
    public ImageFault Fault { get; }

    /// <summary>What a codec's refusal of a frame means for the image.</summary>
    internal static ImageException Of(CodecException e) => new(
        e.Fault switch
        {
            CodecFault.Unsupported => ImageFault.Unsupported,
            CodecFault.LimitExceeded => ImageFault.LimitExceeded,
            _ => ImageFault.Damaged,
        },
        e.Message,
        e);
}

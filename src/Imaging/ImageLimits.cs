using Panal.Codecs;
using Panal.Dicom;

namespace Panal.Imaging;

/// <summary>What is taken from a stored image at most; checked before anything is read into memory.</summary>
public sealed record ImageLimits
{
    /// <summary>The limits that hold where the caller has no own ones.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>Longest part of a data set before or behind its pixel data, in bytes. Enhanced objects of 50,000 frames stay below it.</summary>
    public int AttributesLengthBytes { get; init; } = 128 << 20;

    /// <summary>Most frames, and most fragments of encapsulated pixel data.</summary>
    public int Fragments { get; init; } = 1_000_000;

    /// <summary>Longest encoded frame, in bytes.</summary>
    public int EncodedFrameLengthBytes { get; init; } = 512 << 20;

    /// <summary>What a frame may be.</summary>
    public CodecLimits Codec { get; init; } = CodecLimits.Default;

    /// <summary>What a data set may be.</summary>
    public DecodeLimits Decode { get; init; } = DecodeLimits.Default;
}

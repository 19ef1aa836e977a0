using Panal.Codecs;
using Panal.Codecs.Deflate;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>What can be done with the frames of one encapsulated transfer syntax.</summary>
/// <param name="Syntax">The transfer syntax.</param>
/// <param name="Decoder">Decodes its frames.</param>
/// <param name="Encoder">Encodes frames without loss; null where the syntax is lossy or has no encoder.</param>
/// <param name="LossyMethod">Term for Lossy Image Compression Method where every frame in this syntax is lossy; else null (PS3.3 §C.7.6.1.1.5.1).</param>
internal sealed record FrameCodec(TransferSyntax Syntax, IFrameDecoder Decoder, IFrameEncoder? Encoder, string? LossyMethod)
{
    private const string JpegMethod = "ISO_10918_1";

    /// <summary>All, the preferred lossless ones first: by ratio, then by how many receivers know them.</summary>
    internal static IReadOnlyList<FrameCodec> All { get; } =
    [
        Of(Uids.JPEGLSLossless, JpegLsDecoder.Instance, JpegLsEncoder.Lossless),
        Of(Uids.JPEG2000Lossless, Jpeg2000Decoder.Instance, Jpeg2000Encoder.Lossless) with { EncoderApart = Jpeg2000Encoder.LosslessApart },
        Of(Uids.HTJ2KLosslessRPCL, Jpeg2000Decoder.Instance, Jpeg2000Encoder.HighThroughput) with { EncoderApart = Jpeg2000Encoder.HighThroughputApart },
        Of(Uids.HTJ2KLossless, Jpeg2000Decoder.Instance, Jpeg2000Encoder.HighThroughput) with { EncoderApart = Jpeg2000Encoder.HighThroughputApart },
        Of(Uids.JPEGLosslessSV1, JpegDecoder.Instance, JpegLosslessEncoder.Instance),
        Of(Uids.JPEGLossless, JpegDecoder.Instance, JpegLosslessEncoder.Instance),
        Of(Uids.RLELossless, RleDecoder.Instance, RleEncoder.Instance),
        Of(Uids.JPEG2000, Jpeg2000Decoder.Instance, Jpeg2000Encoder.Lossless) with { EncoderApart = Jpeg2000Encoder.LosslessApart },
        Of(Uids.HTJ2K, Jpeg2000Decoder.Instance, Jpeg2000Encoder.HighThroughput) with { EncoderApart = Jpeg2000Encoder.HighThroughputApart },
        Of(Uids.JPEGLSNearLossless, JpegLsDecoder.Instance),
        Of(Uids.JPEGBaseline8Bit, JpegDecoder.Instance, lossyMethod: JpegMethod),
        Of(Uids.JPEGExtended12Bit, JpegDecoder.Instance, lossyMethod: JpegMethod),
        Of(Uids.DeflatedImageFrameCompression, DeflatedFrameDecoder.OfPixels) with { DecoderOfPlanes = DeflatedFrameDecoder.OfPlanes },
    ];

    /// <summary>For components that may not be transformed together; null where the encoder never does that, and leaves their colours as they are.</summary>
    internal IFrameEncoder? EncoderApart { get; private init; }

    /// <summary>For frames of an image whose Planar Configuration is 1; null where encoded frames do not depend on it.</summary>
    internal IFrameDecoder? DecoderOfPlanes { get; private init; }

    /// <summary>Whether red, green and blue are transformed together, so that Photometric Interpretation becomes YBR_RCT (PS3.5 §8.2.4).</summary>
    internal bool TransformsRgb => EncoderApart is not null;

    /// <summary>The encoder of frames whose attributes are already those of the target.</summary>
    internal IFrameEncoder? EncoderFor(string? photometric) => photometric == "YBR_RCT" ? Encoder : EncoderApart ?? Encoder;

    /// <summary>The decoder of the frames of an image.</summary>
    internal IFrameDecoder DecoderFor(PixelDescription pixels) => pixels.IsPlanar ? DecoderOfPlanes ?? Decoder : Decoder;

    /// <summary>The codec of a transfer syntax, or null.</summary>
    internal static FrameCodec? Find(TransferSyntax syntax) => All.FirstOrDefault(codec => codec.Syntax.Uid == syntax.Uid);

    private static FrameCodec Of(string uid, IFrameDecoder decoder, IFrameEncoder? encoder = null, string? lossyMethod = null) =>
        new(TransferSyntax.ForUid(uid), decoder, encoder, lossyMethod);
}

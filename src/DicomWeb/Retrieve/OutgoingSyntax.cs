using Panal.Dicom;
using Panal.Imaging.Transcoding;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Chooses how an instance leaves (PS3.18 §8.7.3.5).</summary>
internal static class OutgoingSyntax
{
    /// <summary>The syntax that an instance leaves in, or null when what is wanted cannot be made of it.</summary>
    /// <param name="stored">How it is stored.</param>
    /// <param name="wanted">The <c>transfer-syntax</c> of the request: a UID, <c>*</c> for as stored, or empty for the default.</param>
    /// <remarks>
    /// Implicit VR and big endian never leave (PS3.18 §8.7.3.5.2): they become explicit VR little endian. Without a wish, what is compressed
    /// leaves as it is: its part says how, and to decode it would cost every client that can do so itself.
    /// </remarks>
    public static TransferSyntax? Choose(TransferSyntax stored, string wanted)
    {
        var isPlain = TransferSyntaxConverter.CanConvert(stored, TransferSyntax.ExplicitVrLittleEndian);
        if (wanted is "" or "*")
        {
            var leavesAsStored = stored.IsExplicitVr && !stored.IsBigEndian && (wanted == "*" || !stored.IsDeflated);
            return leavesAsStored ? stored : isPlain ? TransferSyntax.ExplicitVrLittleEndian : null;
        }

        var syntax = TransferSyntax.ForUid(wanted);
        if (!syntax.IsExplicitVr || syntax.IsBigEndian)
        {
            return null;
        }

        return syntax.Uid == stored.Uid ? stored : Transcoder.CanTranscode(stored, syntax) ? syntax : null;
    }

    /// <summary>The media type of the frames of a syntax (PS3.18 Tables 8.7.3-2 and 8.7.3-5).</summary>
    public static string FrameTypeOf(TransferSyntax syntax) => syntax.Uid switch
    {
        Uids.RLELossless => "image/dicom-rle",
        Uids.JPEGBaseline8Bit or Uids.JPEGExtended12Bit or Uids.JPEGLossless or Uids.JPEGLosslessSV1 => "image/jpeg",
        Uids.JPEGLSLossless or Uids.JPEGLSNearLossless => "image/jls",
        Uids.JPEG2000Lossless or Uids.JPEG2000 => "image/jp2",
        Uids.JPEG2000MCLossless or Uids.JPEG2000MC => "image/jpx",
        Uids.HTJ2KLossless or Uids.HTJ2KLosslessRPCL or Uids.HTJ2K => "image/jphc",
        Uids.JPEGXLLossless or Uids.JPEGXLJPEGRecompression or Uids.JPEGXL => "image/jxl",
        Uids.MPEG2MPML or Uids.MPEG2MPHL => "video/mpeg",
        _ when IsVideo(syntax) => "video/mp4",
        _ => Answers.Accepted.OctetStream,
    };

    /// <summary>What frames can be transcoded to: not compressed, or compressed without loss.</summary>
    public static IReadOnlyList<TransferSyntax> FramesCanBe { get; } = [TransferSyntax.ExplicitVrLittleEndian, .. Transcoder.Lossless];

    /// <summary>Whether a media type without a transfer syntax means this one (PS3.18 Tables 8.7.3-4 and 8.7.3-5).</summary>
    public static bool IsDefaultOfItsType(TransferSyntax syntax) => syntax.Uid
        is Uids.ExplicitVRLittleEndian or Uids.RLELossless or Uids.JPEGLosslessSV1 or Uids.JPEGLSLossless or Uids.JPEG2000Lossless or Uids.HTJ2KLossless;

    /// <summary>MPEG-2, MPEG-4 and HEVC: all fragments are one stream.</summary>
    public static bool IsVideo(TransferSyntax syntax) => syntax.Uid.StartsWith("1.2.840.10008.1.2.4.10", StringComparison.Ordinal);

}

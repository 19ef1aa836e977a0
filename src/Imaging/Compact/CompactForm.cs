using System.Buffers;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Compact;

/// <summary>
/// A compact file on its way: an uncompressed image in a lossless syntax, with a recipe in its head that gives the first file back bit for bit.
/// One frame is in memory at a time. See docs/formats/compact-form.md.
/// </summary>
public sealed class CompactForm : IDisposable
{
    private CompactForm(ReadOnlyMemory<byte> head, Stream dataSet) => (Head, DataSet) = (head, dataSet);

    /// <summary>Everything before the data set.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    /// <summary>The data set, read once from the start.</summary>
    /// <remarks>Reading throws <see cref="ImageException"/> when a later frame cannot be encoded.</remarks>
    public Stream DataSet { get; }

    /// <summary>The transfer syntaxes whose images can have a compact form.</summary>
    public static IReadOnlyList<string> SourceSyntaxUids { get; } = [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian];

    /// <summary>The transfer syntaxes that a compact form can be in, the preferred one first.</summary>
    public static IReadOnlyList<TransferSyntax> Targets => Transcoder.Lossless;

    /// <summary>Begins the compact form of a file; the first frame is encoded at once.</summary>
    /// <param name="file">The file; it can seek. Owned by the result; closed on an exception too.</param>
    /// <param name="hash">Its content hash, 32 bytes, kept for those who ask for the first file.</param>
    /// <param name="to">A lossless syntax.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <param name="cancellationToken">Breaks off.</param>
    /// <exception cref="ImageException">The file has no compact form: damaged, unsupported, signed or beyond a limit.</exception>
    /// <exception cref="DicomFormatException">It is no DICOM file.</exception>
    public static async Task<CompactForm> BeginAsync(
        Stream file, ReadOnlyMemory<byte> hash, TransferSyntax to, ImageLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            var meta = await FileTranscoder.ReadMetaAsync(file, cancellationToken);
            if (!SourceSyntaxUids.Contains(meta.TransferSyntax.Uid) || !to.IsEncapsulated)
            {
                throw new ImageException(ImageFault.Unsupported, $"{meta.TransferSyntax.Name} has no compact form in {to.Name}.");
            }

            file.Position = meta.DataSetOffsetBytes;
            var image = StoredImage.Read(file, meta.TransferSyntax, limits);
            if (image.Pixels is not { BitsAllocated: 8 or 16 } pixels || image.IsEncapsulated)
            {
                throw new ImageException(ImageFault.Unsupported, "There are no uncompressed samples of 8 or 16 bits.");
            }

            if (IsSigned(image.Attributes) || IsSigned(image.Trailing))
            {
                throw new ImageException(ImageFault.Unsupported, "It is signed or partly encrypted.");
            }

            var (surroundings, recipe) = Surround(file, image, pixels, hash);
            var dataSet = new TranscodedStream(file, image, to, limits);
            try
            {
                return new CompactForm(WriteHead(meta, image, to, recipe, surroundings), dataSet);
            }
            catch
            {
                await dataSet.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => DataSet.Dispose();

    /// <summary>Whether a data set, or an item of it, is signed or partly encrypted (PS3.15 Annexes B and C, PS3.3 §C.12.1.1.3 and §C.12.1.1.4.1).</summary>
    private static bool IsSigned(DataSet dataSet)
    {
        foreach (var element in dataSet)
        {
            if (element.Tag == Tags.DigitalSignaturesSequence || element.Tag == Tags.MACParametersSequence
                || element.Tag == Tags.EncryptedAttributesSequence || (element.IsSequence && element.Items.Any(IsSigned)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads what stands before and behind the samples.</summary>
    private static (byte[] Surroundings, Recipe Recipe) Surround(Stream file, StoredImage image, PixelDescription pixels, ReadOnlyMemory<byte> hash)
    {
        var frameLength = pixels.Layout.LengthBytes;
        var samplesEnd = image.PixelOffset + (frameLength * pixels.Frames);
        var behind = file.Length - samplesEnd;
        if (behind < 0 || image.PixelOffset + behind > Recipe.SurroundingsLimitBytes)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"{image.PixelOffset} bytes before and {behind} behind the samples.");
        }

        var surroundings = new byte[image.PixelOffset + behind];
        file.Position = 0;
        file.ReadExactly(surroundings, 0, (int)image.PixelOffset);
        file.Position = samplesEnd;
        file.ReadExactly(surroundings, (int)image.PixelOffset, (int)behind);
        return (surroundings, new Recipe(hash, file.Length, pixels.IsPlanar, (int)image.PixelOffset, pixels.Frames, (int)frameLength, (int)behind));
    }

    private static ReadOnlyMemory<byte> WriteHead(FileMetaInformation meta, StoredImage image, TransferSyntax to, Recipe recipe, byte[] surroundings)
    {
        var sopClassUid = image.Attributes.GetString(Tags.SOPClassUID) ?? meta.MediaStorageSopClassUid ?? "";
        var sopInstanceUid = image.Attributes.GetString(Tags.SOPInstanceUID) ?? meta.MediaStorageSopInstanceUid ?? "";
        if (!FileTranscoder.CanStandInHead(sopClassUid) || !FileTranscoder.CanStandInHead(sopInstanceUid))
        {
            throw new ImageException(ImageFault.Damaged, $"The UIDs of class and instance have {sopClassUid.Length} and {sopInstanceUid.Length} characters.");
        }

        // The same calls as of the stream that writes the data set, so that the dictionary is what a reader will find.
        var dictionary = new ArrayBufferWriter<byte>();
        var plain = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(sopClassUid, sopInstanceUid, to, plain);
        dictionary.Write(plain.WrittenSpan[ReceivedStream.DictionaryOffset..]);
        DataSetEncoding.Encode(image.Attributes, to, dictionary);
        DataSetEncoding.Encode(image.Trailing, to, dictionary);
        var information = new ArrayBufferWriter<byte>();
        if (!recipe.TryWrite(dictionary.WrittenSpan, surroundings, information))
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A recipe longer than {Recipe.LengthLimitBytes} bytes.");
        }

        var head = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(sopClassUid, sopInstanceUid, to, Recipe.CreatorUid, information.WrittenSpan, head);
        return head.WrittenMemory;
    }
}

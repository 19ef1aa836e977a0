using System.Buffers;
using Panal.Codecs;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Compact;

/// <summary>
/// The file that was stored at first, read at any offset out of its compact form. See docs/formats/compact-form.md.
/// </summary>
public sealed class ReceivedStream : FrameStream
{
    /// <summary>Where in a head the dictionary begins: behind the group length, which the recipe's own length changes.</summary>
    internal const int DictionaryOffset = 144;

    /// <summary>The recipe of a usual object has some hundred bytes; only when these do not suffice, more are read.</summary>
    private const int FirstLookBytes = 8 << 10;

    private readonly Stream _compact;
    private readonly StoredImage _image;
    private readonly IFrameDecoder _decoder;
    private readonly SampleLayout _layout;
    private readonly ImageLimits _limits;
    private byte[] _encoded = [];
    private bool _leavesOpen;

    private ReceivedStream(Stream compact, Recipe recipe, byte[] surroundings, StoredImage image, IFrameDecoder decoder, SampleLayout layout, ImageLimits limits)
        : base(surroundings.AsMemory(0, recipe.BeforeLengthBytes), recipe.Frames, recipe.FrameLengthBytes, surroundings.AsMemory(recipe.BeforeLengthBytes))
    {
        Hash = recipe.Hash;
        (_compact, _image, _decoder, _layout, _limits) = (compact, image, decoder, layout, limits);
    }

    /// <summary>Content hash of the first file, as the recipe says.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Whether a head is that of a compact form.</summary>
    public static bool IsCompact(FileMetaInformation meta) => meta.Elements.GetString(Tags.PrivateInformationCreatorUID) == Recipe.CreatorUid;

    /// <summary>Opens the first file.</summary>
    /// <param name="compact">The compact file; it can seek. Owned by the result; closed on an exception too.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <param name="leavesOpen">The file stays open when the result is closed.</param>
    /// <exception cref="ImageException">The file is no compact form, damaged, or beyond a limit.</exception>
    /// <exception cref="DicomFormatException">It is no DICOM file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ReceivedStream Open(Stream compact, ImageLimits limits, bool leavesOpen = false)
    {
        try
        {
            var head = ReadHead(compact, out var meta);
            if (!IsCompact(meta) || !meta.Elements.TryGet(Tags.PrivateInformation, out var information)
                || !Recipe.TryRead(information.Value.Span, out var recipe))
            {
                throw new ImageException(ImageFault.Damaged, "The head holds no recipe.");
            }

            var headEnd = meta.DataSetOffsetBytes - (12 + information.Value.Length) - (8 + ((Recipe.CreatorUid.Length + 1) & ~1));
            if (headEnd < DictionaryOffset)
            {
                throw new ImageException(ImageFault.Damaged, "The head is none of ours.");
            }

            compact.Position = meta.DataSetOffsetBytes;
            var image = StoredImage.Read(compact, meta.TransferSyntax, limits);
            var codec = FrameCodec.Find(meta.TransferSyntax);
            if (image.Pixels is not { } pixels || !image.IsEncapsulated || codec is null || pixels.Frames != recipe.Frames
                || pixels.Layout.LengthBytes != recipe.FrameLengthBytes)
            {
                throw new ImageException(ImageFault.Damaged, "The frames are not those of the recipe.");
            }

            var dictionary = ReadDictionary(compact, head.AsSpan(DictionaryOffset..(int)headEnd), meta.DataSetOffsetBytes, image);
            var surroundings = recipe.Surroundings(information.Value, dictionary);
            return new ReceivedStream(compact, recipe, surroundings, image, codec.Decoder, pixels.Layout with { IsPlanar = recipe.IsPlanar }, limits) { _leavesOpen = leavesOpen };
        }
        catch
        {
            if (!leavesOpen)
            {
                compact.Dispose();
            }

            throw;
        }
    }

    private protected override void Decode(int frame, Span<byte> samples) => _decoder.Decode(Fetch(frame), _layout, samples, _limits.Codec);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ArrayPool<byte>.Shared.Return(_encoded);
            _encoded = [];
            if (!_leavesOpen)
            {
                _compact.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    internal static byte[] ReadHead(Stream compact, out FileMetaInformation meta)
    {
        for (long wanted = FirstLookBytes; ; wanted *= 16)
        {
            var bytes = new byte[Math.Min(compact.Length, Math.Min(wanted, FileMeta.MaximumLengthBytes + 1))];
            compact.Position = 0;
            compact.ReadExactly(bytes);
            if (FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), bytes.Length == compact.Length, out var read, out _))
            {
                meta = read!;
                return bytes;
            }

            if (bytes.Length < wanted)
            {
                throw new DicomFormatException("Not a DICOM file", 0, DicomFormatReason.NotDicom);
            }
        }
    }

    private static byte[] ReadDictionary(Stream compact, ReadOnlySpan<byte> head, long dataSetOffset, StoredImage image)
    {
        var attributes = image.AttributesEndOffset - dataSetOffset;
        var trailing = compact.Length - image.TrailingOffset;
        var dictionary = new byte[head.Length + attributes + trailing];
        head.CopyTo(dictionary);
        compact.Position = dataSetOffset;
        compact.ReadExactly(dictionary, head.Length, (int)attributes);
        compact.Position = image.TrailingOffset;
        compact.ReadExactly(dictionary, head.Length + (int)attributes, (int)trailing);
        return dictionary;
    }

    private ReadOnlySpan<byte> Fetch(int frame)
    {
        var fragments = _image.FragmentsOf(frame);
        var length = fragments.Sum(fragment => (long)fragment.LengthBytes);
        if (length > _limits.EncodedFrameLengthBytes)
        {
            throw new CompactFormException($"A frame of a compact form takes {length} bytes.");
        }

        if (_encoded.Length < length)
        {
            ArrayPool<byte>.Shared.Return(_encoded);
            _encoded = ArrayPool<byte>.Shared.Rent((int)length);
        }

        var at = 0;
        foreach (var fragment in fragments)
        {
            _compact.Position = fragment.Offset;
            _compact.ReadExactly(_encoded, at, fragment.LengthBytes);
            at += fragment.LengthBytes;
        }

        return _encoded.AsSpan(0, at);
    }
}

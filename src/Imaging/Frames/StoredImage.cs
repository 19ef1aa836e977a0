using System.Buffers.Binary;
using Panal.Dicom;

namespace Panal.Imaging.Frames;

/// <summary>
/// A data set with its pixel data left where it is: the attributes before and behind, and where each frame lies. Memory does not grow with
/// the pixel data but for some bytes a fragment.
/// </summary>
/// <remarks>PS3.5 §A.4. The stream must be able to seek; the syntax is not a deflated one.</remarks>
public sealed class StoredImage
{
    private const int ItemHeaderLengthBytes = 8;
    private const int FirstReadBytes = 64 << 10;
    private const uint Item = 0xE000FFFE, SequenceDelimitation = 0xE0DDFFFE;

    private readonly Stream _stream;
    private readonly List<Fragment> _fragments = [];
    private readonly long _pixelOffset;
    private readonly long _frameLengthBytes;
    private readonly int[] _firstFragments = [];

    private StoredImage(Stream stream, TransferSyntax syntax, ImageLimits limits)
    {
        (_stream, Syntax) = (stream, syntax);
        var start = stream.Position;
        var (head, pixels, valueOffset) = ReadHead(stream, syntax, limits);
        Attributes = DataSetEncoding.Decode(head, syntax, limits.Decode);
        Trailing = new DataSet();
        AttributesEndOffset = TrailingOffset = start + head.Length;
        if (pixels is not { } token)
        {
            return;
        }

        Pixels = PixelDescription.Read(Attributes, limits);
        Pixels.Layout.Check(limits.Codec);
        _pixelOffset = start + valueOffset;
        IsEncapsulated = token.Kind == DataSetTokenKind.FragmentsStart;
        long end;
        if (IsEncapsulated)
        {
            end = ReadFragments(limits, out var table);
            var extended = Attributes.TryGet(Tags.ExtendedOffsetTable, out var found) ? found.Value.Span : default;
            _firstFragments = FrameLocator.Locate(_fragments, Pixels.Frames, table, extended, BeginsFrame);
        }
        else
        {
            end = _pixelOffset + token.LengthBytes;
            _frameLengthBytes = Pixels.Layout.LengthBytes;

            // Some writers name this colour space and store every sample all the same.
            IsSubsampled = Pixels is { SamplesPerPixel: 3, Photometric: "YBR_FULL_422" or "YBR_PARTIAL_422" } && _frameLengthBytes * Pixels.Frames > token.LengthBytes;
            if (IsSubsampled)
            {
                _frameLengthBytes = (((long)Pixels.Columns * Pixels.Rows) + 1) / 2 * 4 * Pixels.Layout.BytesPerSample;
            }

            if (Pixels.BitsAllocated != 1 && _frameLengthBytes * Pixels.Frames > token.LengthBytes)
            {
                throw new ImageException(ImageFault.Damaged, $"{token.LengthBytes} bytes of pixel data for {Pixels.Frames} frames of {_frameLengthBytes} bytes.");
            }
        }

        TrailingOffset = end;
        Trailing = ReadTrailing(end, limits);
    }

    /// <summary>How the data set is encoded.</summary>
    public TransferSyntax Syntax { get; }

    /// <summary>All elements before Pixel Data, or all if there is none.</summary>
    public DataSet Attributes { get; }

    /// <summary>The elements behind Pixel Data.</summary>
    public DataSet Trailing { get; }

    /// <summary>Where the header of Pixel Data begins, in bytes from the start of the stream; the end if there is none.</summary>
    public long AttributesEndOffset { get; }

    /// <summary>Where the value of Pixel Data begins, in bytes from the start of the stream; 0 if there is none.</summary>
    public long PixelOffset => _pixelOffset;

    /// <summary>Where Pixel Data has ended, in bytes from the start of the stream; the end if there is none.</summary>
    public long TrailingOffset { get; }

    /// <summary>What the samples are; null when there is no Pixel Data (7FE0,0010).</summary>
    public PixelDescription? Pixels { get; }

    /// <summary>Whether Pixel Data consists of fragments.</summary>
    public bool IsEncapsulated { get; }

    /// <summary>Whether uncompressed samples lie as Y1 Y2 Cb Cr: two pixels of a row share their colour (PS3.3 §C.7.6.3.1.2).</summary>
    internal bool IsSubsampled { get; }

    /// <summary>The stream that the image was read from; frames lie in it.</summary>
    internal Stream Bytes => _stream;

    /// <summary>Takes a data set apart, from where the stream stands.</summary>
    /// <exception cref="ImageException">It is damaged or beyond a limit.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static StoredImage Read(Stream stream, TransferSyntax syntax, ImageLimits limits)
    {
        try
        {
            return new StoredImage(stream, syntax, limits);
        }
        catch (DicomFormatException e)
        {
            throw new ImageException(e.Reason is DicomFormatReason.TooLong ? ImageFault.LimitExceeded : ImageFault.Damaged, e.Message, e);
        }
        catch (Codecs.CodecException e)
        {
            throw new ImageException(e.Fault is Codecs.CodecFault.LimitExceeded ? ImageFault.LimitExceeded : ImageFault.Damaged, e.Message, e);
        }
        catch (EndOfStreamException e)
        {
            throw new ImageException(ImageFault.Damaged, "The pixel data ends too early.", e);
        }
    }

    /// <summary>The pieces of a frame, in their order; one if it is not encapsulated.</summary>
    public IReadOnlyList<Fragment> FragmentsOf(int frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frame);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame, Pixels?.Frames ?? 0);
        if (!IsEncapsulated)
        {
            return [new Fragment(_pixelOffset + (frame * _frameLengthBytes), (int)_frameLengthBytes)];
        }

        var end = frame + 1 < _firstFragments.Length ? _firstFragments[frame + 1] : _fragments.Count;
        return _fragments[_firstFragments[frame]..end];
    }

    private static (ReadOnlyMemory<byte> Head, DataSetToken? Pixels, long ValueOffset) ReadHead(Stream stream, TransferSyntax syntax, ImageLimits limits)
    {
        var reader = new DataSetReader(syntax, limits.Decode, stream.Length - stream.Position);
        var (bytes, read, position, isFinal) = (new byte[FirstReadBytes], 0, 0, false);
        while (true)
        {
            while (reader.TryRead(bytes.AsSpan(position, read - position), isFinal, out var token, out var consumed))
            {
                position += consumed;
                if (token is { Depth: 0, Kind: DataSetTokenKind.Element or DataSetTokenKind.FragmentsStart } && token.Tag == Tags.PixelData)
                {
                    return (bytes.AsMemory(0, (int)token.OffsetBytes), token, reader.OffsetBytes);
                }
            }

            if (reader.IsAtEnd)
            {
                return (bytes.AsMemory(0, read), null, 0);
            }

            // What was consumed stays in the buffer, because it is decoded afterwards.
            position = (int)reader.OffsetBytes;
            if (read == bytes.Length)
            {
                if (read >= limits.AttributesLengthBytes)
                {
                    throw new ImageException(ImageFault.LimitExceeded, $"The attributes before the pixel data take more than {limits.AttributesLengthBytes} bytes.");
                }

                Array.Resize(ref bytes, (int)Math.Min(bytes.Length * 2L, limits.AttributesLengthBytes));
            }

            var more = stream.Read(bytes, read, bytes.Length - read);
            read += more;
            isFinal = more == 0;
        }
    }

    private long ReadFragments(ImageLimits limits, out byte[] table)
    {
        table = [];
        Span<byte> header = stackalloc byte[ItemHeaderLengthBytes];
        var (at, isTable) = (_pixelOffset, true);
        while (at + ItemHeaderLengthBytes <= _stream.Length)
        {
            _stream.Position = at;
            _stream.ReadExactly(header);
            var tag = BinaryPrimitives.ReadUInt32LittleEndian(header);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            at += ItemHeaderLengthBytes;
            if (tag == SequenceDelimitation)
            {
                return at;
            }

            if (tag != Item || at + length > _stream.Length || length > limits.EncodedFrameLengthBytes)
            {
                throw new ImageException(ImageFault.Damaged, $"A fragment of {length} bytes at {at}.");
            }

            if (isTable)
            {
                table = ReadTable((int)length, limits);
                isTable = false;
            }
            else
            {
                _fragments.Add(new Fragment(at, (int)length));
                if (_fragments.Count > limits.Fragments)
                {
                    throw new ImageException(ImageFault.LimitExceeded, $"More than {limits.Fragments} fragments.");
                }
            }

            at += length;
        }

        return _stream.Length;
    }

    private byte[] ReadTable(int lengthBytes, ImageLimits limits)
    {
        if (lengthBytes > sizeof(uint) * (long)limits.Fragments)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A basic offset table of {lengthBytes} bytes.");
        }

        var table = new byte[lengthBytes];
        _stream.ReadExactly(table);
        return table;
    }

    /// <summary>Whether it begins with SOI (T.81) or SOC (T.800), which cannot stand at the seam of two fragments of one frame.</summary>
    private bool BeginsFrame(Fragment fragment)
    {
        Span<byte> marker = stackalloc byte[2];
        if (fragment.LengthBytes < marker.Length)
        {
            return false;
        }

        _stream.Position = fragment.Offset;
        _stream.ReadExactly(marker);
        return marker is [0xFF, 0xD8] or [0xFF, 0x4F];
    }

    private DataSet ReadTrailing(long offset, ImageLimits limits)
    {
        var length = _stream.Length - offset;
        if (length <= 0)
        {
            return new DataSet();
        }

        if (length > limits.AttributesLengthBytes)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"{length} bytes behind the pixel data.");
        }

        var bytes = new byte[length];
        _stream.Position = offset;
        _stream.ReadExactly(bytes);
        return bytes.AsSpan().ContainsAnyExcept((byte)0) ? DataSetEncoding.Decode(bytes, Syntax, limits.Decode) : new DataSet();
    }
}

using Panal.Codecs;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>How one codec did.</summary>
/// <param name="Syntax">Its transfer syntax.</param>
/// <param name="Frames">Frames that it encoded and gave back unchanged.</param>
/// <param name="SampleBytes">Their samples.</param>
/// <param name="EncodedBytes">Their encoded forms.</param>
/// <param name="Encoding">Time taken to encode, on one core.</param>
/// <param name="Decoding">Time taken to decode.</param>
public sealed record CodecResult(TransferSyntax Syntax, int Frames, long SampleBytes, long EncodedBytes, TimeSpan Encoding, TimeSpan Decoding)
{
    /// <summary>Sample bytes for one encoded byte.</summary>
    public double Ratio => EncodedBytes > 0 ? (double)SampleBytes / EncodedBytes : 0;

    /// <summary>Sample bytes encoded a second.</summary>
    public double EncodedBytesPerSecond => Encoding > TimeSpan.Zero ? SampleBytes / Encoding.TotalSeconds : 0;

    /// <summary>Sample bytes decoded a second.</summary>
    public double DecodedBytesPerSecond => Decoding > TimeSpan.Zero ? SampleBytes / Decoding.TotalSeconds : 0;
}

/// <summary>Measures the lossless codecs on real images: each frame is encoded, decoded again and compared.</summary>
public sealed class CodecMeasurement(TimeProvider time, ImageLimits limits)
{
    private readonly Dictionary<string, CodecResult> _results = Transcoder.Lossless
        .Where(syntax => syntax.Uid is not (Uids.JPEGLossless or Uids.JPEG2000 or Uids.HTJ2KLossless or Uids.HTJ2K))
        .ToDictionary(syntax => syntax.Uid, syntax => new CodecResult(syntax, 0, 0, 0, TimeSpan.Zero, TimeSpan.Zero), StringComparer.Ordinal);

    /// <summary>Images measured.</summary>
    public int Images { get; private set; }

    /// <summary>Frames measured.</summary>
    public int Frames { get; private set; }

    /// <summary>Bytes of their samples.</summary>
    public long SampleBytes { get; private set; }

    /// <summary>Files that are no images, damaged, or of a syntax that is not read.</summary>
    public int LeftOut { get; private set; }

    /// <summary>What came of it, the best ratio first. A codec that cannot take a frame, or changed it, has fewer frames than the others.</summary>
    public IReadOnlyList<CodecResult> Results => [.. _results.Values.OrderByDescending(result => result.Ratio)];

    /// <summary>Measures one file; what is no image is counted and left out.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task AddAsync(Stream file, CancellationToken cancellationToken)
    {
        try
        {
            var meta = await FileTranscoder.ReadMetaAsync(file, cancellationToken);
            file.Position = meta.DataSetOffsetBytes;
            var codec = FrameCodec.Find(meta.TransferSyntax);
            if (codec is null && meta.TransferSyntax.Uid is not (Uids.ExplicitVRLittleEndian or Uids.ImplicitVRLittleEndian))
            {
                LeftOut++;
                return;
            }

            var image = StoredImage.Read(file, meta.TransferSyntax, limits);
            if (image.Pixels is not { BitsAllocated: 8 or 16 } pixels)
            {
                LeftOut++;
                return;
            }

            using var frames = new FrameTranscoder(pixels, codec, null, convertsColour: false, limits);
            for (var frame = 0; frame < pixels.Frames; frame++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Measure(frames.Transcode(Fetch(file, image, frame)), pixels, isPlanar: codec is null && pixels.IsPlanar);
            }

            Images++;
        }
        catch (Exception e) when (e is ImageException or CodecException or DicomFormatException)
        {
            LeftOut++;
        }
    }

    private static byte[] Fetch(Stream file, StoredImage image, int frame)
    {
        var fragments = image.FragmentsOf(frame);
        var bytes = new byte[fragments.Sum(fragment => fragment.LengthBytes)];
        var at = 0;
        foreach (var fragment in fragments)
        {
            file.Position = fragment.Offset;
            file.ReadExactly(bytes, at, fragment.LengthBytes);
            at += fragment.LengthBytes;
        }

        return bytes;
    }

    private void Measure(ReadOnlySpan<byte> samples, PixelDescription pixels, bool isPlanar)
    {
        Frames++;
        SampleBytes += samples.Length;
        var layout = pixels.Layout with { IsPlanar = isPlanar };
        var coded = FrameTranscoder.HasOnlyStoredBits(samples, layout) ? layout : layout with { BitsStored = layout.BitsAllocated };
        var decoded = new byte[samples.Length];
        foreach (var result in _results.Values.ToArray())
        {
            var codec = FrameCodec.Find(result.Syntax)!;
            var encoded = new byte[codec.Encoder!.MaximumLengthBytes(coded)];
            var start = time.GetTimestamp();
            if (!codec.Encoder.TryEncode(samples, coded, encoded, limits.Codec, out var written))
            {
                continue;
            }

            var middle = time.GetTimestamp();
            codec.Decoder.Decode(encoded.AsSpan(0, written), layout, decoded, limits.Codec);
            var end = time.GetTimestamp();
            if (samples.SequenceEqual(decoded))
            {
                _results[result.Syntax.Uid] = result with
                {
                    Frames = result.Frames + 1,
                    SampleBytes = result.SampleBytes + samples.Length,
                    EncodedBytes = result.EncodedBytes + written,
                    Encoding = result.Encoding + time.GetElapsedTime(start, middle),
                    Decoding = result.Decoding + time.GetElapsedTime(middle, end),
                };
            }
        }
    }
}

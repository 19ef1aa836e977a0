using System.Diagnostics;
using System.Globalization;
using Panal.Codecs;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Codecs.Samples;
using Panal.Imaging;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.CodecsLoad;

/// <summary>
/// Our lossless codecs beside those of Debian on the same slices, in turns; or the rate of compaction. Usage: CodecsLoad DIRECTORY [slices] [seconds for each] [compaction [UID of a transfer syntax]].
/// </summary>
internal static class Program
{
    private static readonly (string Name, IFrameEncoder Encoder, IFrameDecoder Decoder)[] Ours =
    [
        ("JPEG 2000, default form", Jpeg2000Encoder.Lossless, Jpeg2000Decoder.Instance),
        ("JPEG 2000, one layer", new Jpeg2000Encoder(Jpeg2000Form.Default with { Layers = 1 }), Jpeg2000Decoder.Instance),
        ("JPEG 2000, all planes coded", new Jpeg2000Encoder(Jpeg2000Form.Default with { BypassesCoder = false }), Jpeg2000Decoder.Instance),
        ("HTJ2K, RPCL", Jpeg2000Encoder.HighThroughput, Jpeg2000Decoder.Instance),
        ("JPEG-LS", JpegLsEncoder.Lossless, JpegLsDecoder.Instance),
        ("JPEG lossless SV1", JpegLosslessEncoder.Instance, JpegDecoder.Instance),
        ("RLE", RleEncoder.Instance, RleDecoder.Instance),
    ];

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length == 0 || !Directory.Exists(arguments[0]))
        {
            Console.Error.WriteLine("CodecsLoad DIRECTORY [slices] [seconds for each] [compaction [UID of a transfer syntax]]");
            return 2;
        }

        var count = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 8;
        var limit = TimeSpan.FromSeconds(arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : 4);
        if (arguments is [_, _, _, "compaction", ..])
        {
            await CompactionRate.MeasureAsync(arguments[0], count, limit, arguments is [.., "compaction"] ? null : arguments[^1]);
            return 0;
        }

        var slices = await ReadAsync(arguments[0], count);
        var bytes = slices.Sum(slice => (long)slice.Samples.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{slices.Count} slices, {bytes / 1e6:F1} MB; one thread; MB of samples a second, the best of all rounds"));
        Console.WriteLine($"{"",-34} {"ratio",7} {"encode",8} {"decode",8}");
        foreach (var (name, encoder, decoder) in Ours)
        {
            Print($"Panal {name}", bytes, Measure(slices, encoder, decoder, limit));
        }

        foreach (var peer in ForeignCodec.All.Where(peer => peer.IsInstalled))
        {
            Print(peer.Name, bytes, peer.Measure(slices, limit));
        }

        return 0;
    }

    private static void Print(string name, long bytes, Outcome outcome) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-34} {(double)bytes / outcome.EncodedBytes,7:F2} {bytes / outcome.Encoding.TotalSeconds / 1e6,8:F1} {bytes / outcome.Decoding.TotalSeconds / 1e6,8:F1}"));

    private static Outcome Measure(List<Slice> slices, IFrameEncoder encoder, IFrameDecoder decoder, TimeSpan limit)
    {
        var outcome = new Outcome(0, TimeSpan.Zero, TimeSpan.Zero);
        foreach (var slice in slices)
        {
            var encoded = new byte[encoder.MaximumLengthBytes(slice.Layout)];
            var decoded = new byte[slice.Samples.Length];
            var (encoding, decoding, written) = (TimeSpan.MaxValue, TimeSpan.MaxValue, 0);
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < limit / slices.Count || written == 0;)
            {
                var from = Stopwatch.GetTimestamp();
                if (!encoder.TryEncode(slice.Samples, slice.Layout, encoded, CodecLimits.Default, out written))
                {
                    throw new InvalidOperationException("A frame does not fit into the longest form that it can have.");
                }

                var middle = Stopwatch.GetTimestamp();
                decoder.Decode(encoded.AsSpan(0, written), slice.Layout, decoded, CodecLimits.Default);
                (encoding, decoding) = (Least(encoding, Stopwatch.GetElapsedTime(from, middle)), Least(decoding, Stopwatch.GetElapsedTime(middle)));
            }

            if (!decoded.AsSpan().SequenceEqual(slice.Samples))
            {
                throw new InvalidOperationException("A frame came back changed.");
            }

            outcome = new Outcome(outcome.EncodedBytes + written, outcome.Encoding + encoding, outcome.Decoding + decoding);
        }

        return outcome;
    }

    internal static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>Uncompressed slices of one component, spread over the directory.</summary>
    private static async Task<List<Slice>> ReadAsync(string directory, int count)
    {
        var files = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var slices = new List<Slice>();
        for (var i = 0; i < files.Length && slices.Count < count; i += Math.Max(1, files.Length / count))
        {
            await using var file = File.OpenRead(files[i]);
            var meta = await FileTranscoder.ReadMetaAsync(file, CancellationToken.None);
            file.Position = meta.DataSetOffsetBytes;
            var image = StoredImage.Read(file, meta.TransferSyntax, ImageLimits.Default);
            if (image is { IsEncapsulated: false, Pixels: { SamplesPerPixel: 1, BitsAllocated: 16 } pixels })
            {
                var fragment = image.FragmentsOf(0)[0];
                var samples = new byte[pixels.Layout.LengthBytes];
                file.Position = fragment.Offset;
                await file.ReadExactlyAsync(samples);
                slices.Add(new Slice(files[i], pixels.Layout, samples));
            }
        }

        return slices;
    }
}

/// <summary>One frame and the file that it comes from.</summary>
internal sealed record Slice(string Path, SampleLayout Layout, byte[] Samples);

/// <summary>What all slices together took.</summary>
internal sealed record Outcome(long EncodedBytes, TimeSpan Encoding, TimeSpan Decoding);

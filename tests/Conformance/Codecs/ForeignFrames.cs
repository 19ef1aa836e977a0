using Panal.Codecs;
using Panal.Codecs.Samples;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Codecs;

/// <summary>Compares a codec with a foreign program over the real files of the corpus and over our own encoded files.</summary>
internal static class ForeignFrames
{
    /// <summary>Files whose pixels are not compressed, of many kinds: 8 to 16 bits, signed and not, one and three components.</summary>
    private static readonly string[][] Native =
    [
        ["ct_series", "study_S21570"], ["mr_series"], ["single_frame"], ["multiframe", "pydicom"], ["transfer_syntax", "ct_same_image_16_syntaxes"],
    ];

    /// <summary>Decodes every file of a transfer syntax and expects what the foreign program made of it.</summary>
    /// <param name="difference">Largest difference of a sample; 0 where the process is exact.</param>
    /// <returns>How many files were compared.</returns>
    public static async Task<int> DecodeLikeAsync(
        IFrameDecoder decoder, string[] syntaxes, string program, string[] options, int difference, CancellationToken ct, Func<byte[], bool>? suits = null)
    {
        using var folder = new TemporaryDirectory("frames");
        var compared = 0;
        foreach (CorpusFile file in (await Corpus.AllAsync(ct)).Where(file => syntaxes.Contains(file.TransferSyntaxUid)))
        {
            if (await TryReadAsync(file.Path, ct) is { } encoded && encoded.Frames.All(suits ?? (_ => true)))
            {
                compared += await AssertDecodesLikeAsync(decoder, encoded, program, options, difference, folder, ct) ? 1 : 0;
            }
        }

        return compared;
    }

    /// <summary>Decodes one file and expects what the foreign program made of it; false if that refuses the file.</summary>
    public static async Task<bool> AssertDecodesLikeAsync(
        IFrameDecoder decoder, PixelFile encoded, string program, string[] options, int difference, TemporaryDirectory folder, CancellationToken ct)
    {
        if (await encoded.DecodedByAsync(program, options, folder, ct) is not { } expected)
        {
            return false;
        }

        Assert.Equal(expected.Frames.Count, encoded.Frames.Count);
        foreach (var (ours, theirs) in encoded.Frames.Zip(expected.Frames))
        {
            // DCMTK leaves the bits above those stored as they were encoded; ours carry the sign. Only what is stored counts.
            var layout = expected.Layout;
            var samples = new byte[layout.LengthBytes];
            decoder.Decode(ours, layout, samples, CodecLimits.Default);
            AssertNear(encoded.Path, layout, theirs, samples, difference);
        }

        return true;
    }

    /// <summary>Encodes native frames, and expects the foreign program to decode them to the samples that they had.</summary>
    /// <returns>How many files were compared.</returns>
    public static async Task<int> EncodeForAsync(
        IFrameEncoder encoder, string syntax, string program, string[] options, Func<PixelFile, bool> suits, CancellationToken ct)
    {
        using var folder = new TemporaryDirectory("frames");
        var compared = 0;
        foreach (string path in Native.SelectMany(NativeFiles))
        {
            PixelFile? native = await TryReadAsync(path, ct);
            if (native is null || native.TransferSyntaxUid is not ("1.2.840.10008.1.2" or "1.2.840.10008.1.2.1") || !suits(native))
            {
                continue;
            }

            string target = folder.Combine($"{compared}.dcm");
            await native.WriteAsync(target, syntax, native.Frames.Select(frame => Encode(encoder, frame, native.Layout)), ct);
            PixelFile encoded = await PixelFile.ReadAsync(target, ct);
            PixelFile? decoded = await encoded.DecodedByAsync(program, options, folder, ct);
            Assert.True(decoded is not null, $"{program} refuses what was made of {path}");
            foreach (var (theirs, original) in decoded.Frames.Zip(native.Frames))
            {
                Assert.Equal(native.Layout.IsPlanar, decoded.Layout.IsPlanar);
                AssertNear(path, decoded.Layout, original, theirs, 0);
            }

            compared++;
        }

        return compared;
    }

    public static byte[] Encode(IFrameEncoder encoder, byte[] samples, in SampleLayout layout)
    {
        var encoded = new byte[encoder.MaximumLengthBytes(layout)];
        Assert.True(encoder.TryEncode(samples, layout, encoded, CodecLimits.Default, out var written));
        return encoded[..written];
    }

    public static void AssertNear(string name, in SampleLayout layout, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, int difference)
    {
        Assert.Equal(expected.Length, actual.Length);
        if (expected.SequenceEqual(actual))
        {
            return;
        }

        var step = layout.BytesPerSample;
        var mask = (1L << layout.BitsStored) - 1;
        for (var i = 0; i < actual.Length; i += step)
        {
            long one = Sample(expected[i..], step) & mask, other = Sample(actual[i..], step) & mask;
            if (Math.Abs(one - other) > difference)
            {
                Assert.Fail($"{name}: sample {i / step} is {other}, expected {one}, of {layout}");
            }
        }
    }

    private static long Sample(ReadOnlySpan<byte> bytes, int length)
    {
        long value = 0;
        for (var i = length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }

    private static IEnumerable<string> NativeFiles(string[] family) => Directory
        .EnumerateFiles(Corpus.Path(["dicom", .. family]), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(10);

    private static async Task<PixelFile?> TryReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return await PixelFile.ReadAsync(path, ct);
        }
        catch (Xunit.Sdk.XunitException)
        {
            // pydicom cannot cut this file into frames: the corpus has files without pixels and malformed ones.
            return null;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Panal.CodecsLoad;

/// <summary>A codec of Debian. The time is the one that the program itself prints, or its processor time less that of doing nothing.</summary>
internal sealed partial record ForeignCodec(string Name, string Encoder, string Decoder, string[] Encoding, string[] Decoding, bool TakesDicom)
{
    internal static IReadOnlyList<ForeignCodec> All { get; } =
    [
        new("OpenJPEG, RPCL 128 x 128, 6 layers", "opj_compress", "opj_decompress",
            ["-i", "IN.pgm", "-o", "OUT.j2k", "-p", "RPCL", "-c", "[128,128]", "-PLT", "-r", "160,80,40,20,10,1"], ["-i", "OUT.j2k", "-o", "BACK.pgm"], false),
        new("OpenJPEG, one layer", "opj_compress", "opj_decompress", ["-i", "IN.pgm", "-o", "OUT.j2k"], ["-i", "OUT.j2k", "-o", "BACK.pgm"], false),
        new("OpenJPH, RPCL", "ojph_compress", "ojph_expand",
            ["-i", "IN.pgm", "-o", "OUT.jhc", "-reversible", "true", "-prog_order", "RPCL"], ["-i", "OUT.jhc", "-o", "BACK.pgm"], false),
        new("DCMTK, JPEG-LS (CharLS)", "dcmcjpls", "dcmdjpls", ["IN.dcm", "OUT.dcm"], ["OUT.dcm", "BACK.dcm"], true),
    ];

    internal bool IsInstalled => Find(Encoder) is not null && Find(Decoder) is not null;

    internal Outcome Measure(List<Slice> slices, TimeSpan limit)
    {
        var folder = Directory.CreateTempSubdirectory("codecs");
        try
        {
            var outcome = new Outcome(0, TimeSpan.Zero, TimeSpan.Zero);
            foreach (var slice in slices)
            {
                Write(slice, folder.FullName);
                var output = Encoding.First(argument => argument.StartsWith("OUT", StringComparison.Ordinal));
                var (encoding, decoding) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
                for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < limit / slices.Count || encoding == TimeSpan.MaxValue;)
                {
                    encoding = Program.Least(encoding, Run(Encoder, Encoding, folder.FullName));
                    decoding = Program.Least(decoding, Run(Decoder, Decoding, folder.FullName));
                }

                // A DICOM file has attributes beside its frame; they are the same before and after.
                var bytes = new FileInfo(Path.Combine(folder.FullName, output)).Length;
                bytes -= TakesDicom ? new FileInfo(slice.Path).Length - slice.Samples.Length : 0;
                outcome = new Outcome(outcome.EncodedBytes + bytes, outcome.Encoding + encoding, outcome.Decoding + decoding);
            }

            return outcome;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static TimeSpan Run(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var printed = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program}: {printed}");
        }

        if (Milliseconds().Match(printed) is { Success: true } milliseconds)
        {
            return TimeSpan.FromMilliseconds(double.Parse(milliseconds.Groups["time"].Value, CultureInfo.InvariantCulture));
        }

        return Seconds().Match(printed) is { Success: true } seconds
            ? TimeSpan.FromSeconds(double.Parse(seconds.Groups["time"].Value, CultureInfo.InvariantCulture))
            : process.TotalProcessorTime;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>The slice as the programs take it; signed samples are raised, as PGM has no signs.</summary>
    private static void Write(Slice slice, string folder)
    {
        File.Copy(slice.Path, Path.Combine(folder, "IN.dcm"), overwrite: true);
        var bits = slice.Layout.BitsStored;
        var raised = slice.Layout.IsSigned ? 1 << (bits - 1) : 0;
        var header = System.Text.Encoding.ASCII.GetBytes($"P5\n{slice.Layout.Width} {slice.Layout.Height}\n{(1 << bits) - 1}\n");
        var image = new byte[header.Length + (slice.Samples.Length >> (bits > 8 ? 0 : 1))];
        header.CopyTo(image, 0);
        for (int i = 0, at = header.Length; i < slice.Samples.Length; i += 2)
        {
            var value = (slice.Samples[i] | (slice.Samples[i + 1] << 8)) + raised;
            if (bits > 8)
            {
                image[at++] = (byte)(value >> 8);
            }

            image[at++] = (byte)value;
        }

        File.WriteAllBytes(Path.Combine(folder, "IN.pgm"), image);
    }

    [GeneratedRegex(@"code time: (?<time>\d+) ms", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"Elapsed time = (?<time>[\d.]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Seconds();
}

using System.CommandLine;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Transcoding;

namespace Panal.Node.Commands;

/// <summary>`panal codecs`: lists what is read and written; with `--measure`, how well on the site's own images.</summary>
internal static class CodecsCommand
{
    private const double Megabyte = 1e6;

    public static Command Create()
    {
        var measure = new Option<string?>("--measure") { Description = "A folder of DICOM files: measure ratio and speed of each lossless codec on their frames." };
        var command = new Command("codecs", "List the compressed transfer syntaxes that are read and written, or measure them.") { measure };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(measure) is { } folder
            ? MeasureAsync(folder, parsed.InvocationConfiguration.Output, cancellationToken)
            : ListAsync(parsed.InvocationConfiguration.Output));
        return command;
    }

    private static async Task<int> ListAsync(TextWriter output)
    {
        foreach (var syntax in Transcoder.Decoded)
        {
            await output.WriteLineAsync($"{syntax.Uid,-24} {(Transcoder.Lossless.Contains(syntax) ? "read, written" : "read         ")}  {syntax.Name}").ConfigureAwait(false);
        }

        return (int)ExitCode.Success;
    }

    private static async Task<int> MeasureAsync(string folder, TextWriter output, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            throw new CommandException(ExitCode.Failure, $"{folder} is no folder.");
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        var measurement = new CodecMeasurement(TimeProvider.System, ImageLimits.Default);
        foreach (var path in Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal))
        {
            await AddAsync(measurement, path, cancellationToken).ConfigureAwait(false);
        }

        await output.WriteLineAsync($"{measurement.Images} images, {measurement.Frames} frames, {measurement.SampleBytes / Megabyte:0.0} MB of samples; {measurement.LeftOut} files left out").ConfigureAwait(false);
        await output.WriteLineAsync("codec                                      frames   ratio   encode MB/s   decode MB/s").ConfigureAwait(false);
        foreach (var result in measurement.Results)
        {
            await output.WriteLineAsync(
                $"{Shorten(result.Syntax.Name),-42} {result.Frames,6} {result.Ratio,7:0.00} {result.EncodedBytesPerSecond / Megabyte,13:0.0} {result.DecodedBytesPerSecond / Megabyte,13:0.0}").ConfigureAwait(false);
        }

        return (int)(measurement.Frames > 0 ? ExitCode.Success : ExitCode.Failure);
    }

    private static async Task AddAsync(CodecMeasurement measurement, string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 << 10, FileOptions.None);
            await measurement.AddAsync(file, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }

    private static string Shorten(string name) => name.Length <= 42 ? name : name[..42];
}

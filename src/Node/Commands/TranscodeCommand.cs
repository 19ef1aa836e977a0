using System.CommandLine;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Transcoding;

namespace Panal.Node.Commands;

/// <summary>`panal transcode`: writes a file anew in another transfer syntax, without loss.</summary>
internal static class TranscodeCommand
{
    /// <summary>Short names; UIDs and the keywords of PS3.6 are understood too.</summary>
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["explicit"] = Uids.ExplicitVRLittleEndian,
        ["implicit"] = Uids.ImplicitVRLittleEndian,
        ["deflated"] = Uids.DeflatedExplicitVRLittleEndian,
        ["big-endian"] = Uids.ExplicitVRBigEndian,
        ["rle"] = Uids.RLELossless,
        ["jpeg-lossless"] = Uids.JPEGLosslessSV1,
        ["jpeg-ls"] = Uids.JPEGLSLossless,
    };

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A DICOM file; it is not changed." };
        var to = new Option<string>("--to") { Description = $"Transfer syntax: {string.Join(", ", Names.Keys)}, a keyword of PS3.6, or a UID.", Required = true };
        var target = new Option<string?>("--out") { Description = "The new file, which must not exist; FILE.SYNTAX.dcm if not given." };
        var command = new Command("transcode", "Write a file anew in another transfer syntax, without loss.") { file, to, target };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file), parsed.GetRequiredValue(to), parsed.GetValue(target), parsed.InvocationConfiguration.Output, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string path, string name, string? targetPath, TextWriter output, CancellationToken cancellationToken)
    {
        var syntax = Find(name) ?? throw new CommandException(ExitCode.Failure, $"{name} is no transfer syntax that is known.");
        targetPath ??= $"{path}.{name}.dcm";
        try
        {
            var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 << 10, FileOptions.None);
            var storedBytes = source.Length;
            await using var target = new FileStream(targetPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.None);
            var isWhole = false;
            try
            {
                var from = await FileTranscoder.TranscodeAsync(source, target, syntax, ImageLimits.Default, cancellationToken).ConfigureAwait(false);
                isWhole = true;
                await output.WriteLineAsync($"{targetPath}: {from.Name} {storedBytes} bytes -> {syntax.Name} {target.Length} bytes").ConfigureAwait(false);
            }
            finally
            {
                if (!isWhole)
                {
                    File.Delete(targetPath);
                }
            }

            return (int)ExitCode.Success;
        }
        catch (Exception e) when (e is ImageException or DicomFormatException)
        {
            throw new CommandException(ExitCode.Failure, $"{path}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }

    private static TransferSyntax? Find(string name) =>
        Names.TryGetValue(name, out var uid)
            ? TransferSyntax.ForUid(uid)
            : TransferSyntax.All.FirstOrDefault(syntax => syntax.Uid == name || (Uids.TryFind(syntax.Uid, out var entry) && string.Equals(entry!.Keyword, name, StringComparison.OrdinalIgnoreCase)));
}

using System.CommandLine;
using Panal.Dicom;
using Panal.Dicom.Printing;

namespace Panal.Node.Commands;

/// <summary>`panal dump`: prints the data set of a file.</summary>
internal static class DumpCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A DICOM file, with or without file meta information." };
        var whole = new Option<bool>("--whole") { Description = "Print whole values, however long." };
        var offsets = new Option<bool>("--offsets") { Description = "Print where each element begins, in bytes." };
        var command = new Command("dump", "Print the data set of a file.") { file, whole, offsets };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file),
            new DataSetPrinterOptions { ShowsWholeValues = parsed.GetValue(whole), ShowsOffsets = parsed.GetValue(offsets) },
            parsed.InvocationConfiguration.Output,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string path, DataSetPrinterOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            await DataSetPrinter.PrintFileAsync(file, output, options, cancellationToken).ConfigureAwait(false);
            return (int)ExitCode.Success;
        }
        catch (DicomFormatException fault)
        {
            throw new CommandException(ExitCode.Failure, $"{path}: {fault.Message}, at byte {fault.OffsetBytes} of the data set");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }
}

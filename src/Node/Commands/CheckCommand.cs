using System.CommandLine;
using Panal.Dicom;
using Panal.Imaging.Transcoding;
using Panal.Node.Hosting;

namespace Panal.Node.Commands;

/// <summary>`panal check`: the configuration in force, and all that is wrong with it.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var command = new Command("check", "Show the configuration in force, where each value comes from, and what is wrong with it.");
        var arguments = new NodeArguments(command, withSettings: true);
        command.SetAction((parsed, _) => Task.FromResult((int)Run(parsed, arguments)));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, NodeArguments arguments)
    {
        var configuration = arguments.Load(parsed);
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine($"Data folder {configuration.DataFolder}");
        TextTable.Write(
            output,
            ["Setting", "Value", "From"],
            configuration.Effective().Select(s => (string[])[s.Name, s.Value, s.Source]));

        output.WriteLine($"Images are read in {Names(Transcoder.Decoded)}, and written without loss in {Names(Transcoder.Lossless)}.");
        output.WriteLine("What is compressed otherwise is stored, found and sent as it is, and not given in another transfer syntax.");
        var errors = configuration.Validate();
        foreach (var error in errors)
        {
            parsed.InvocationConfiguration.Error.WriteLine(error);
        }

        return errors.Count == 0 ? ExitCode.Success : ExitCode.Configuration;
    }

    private static string Names(IEnumerable<TransferSyntax> syntaxes) => string.Join(", ", syntaxes.Select(syntax => syntax.Name));
}

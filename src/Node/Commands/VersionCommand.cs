using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Panal.Node.Commands;

/// <summary>`panal version`</summary>
internal static class VersionCommand
{
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static Command Create()
    {
        var command = new Command("version", "Say which version this is.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var line = $"Panal {Version} on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
            await parsed.InvocationConfiguration.Output.WriteLineAsync(line.AsMemory(), cancellationToken).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }
}

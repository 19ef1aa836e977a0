using System.CommandLine;
using Panal.Node.Options;

namespace Panal.Node.Commands;

/// <summary>`panal docs configuration`: writes the pages of docs/ that follow from the code; a test compares them.</summary>
internal static class DocsCommand
{
    public static Command Create()
    {
        var configuration = new Command("configuration", "docs/configuration.md");
        configuration.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ConfigurationPage.Write()));
        return new Command("docs", "Print a page of the documentation that follows from the code.") { configuration }.Hide();
    }

    private static Command Hide(this Command command)
    {
        command.Hidden = true;
        return command;
    }
}

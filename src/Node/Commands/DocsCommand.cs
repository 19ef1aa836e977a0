using System.CommandLine;
using Panal.DicomWeb;
using Panal.Node.Options;
using Panal.ServiceClasses.Tables;

namespace Panal.Node.Commands;

/// <summary>`panal docs configuration|conformance`: writes the pages of docs/ that follow from the code; a test compares them.</summary>
internal static class DocsCommand
{
    public static Command Create()
    {
        var configuration = new Command("configuration", "docs/configuration.md");
        configuration.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ConfigurationPage.Write()));
        var conformance = new Command("conformance", "CONFORMANCE.md");
        conformance.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ConformanceStatement.Generate() + DicomWebStatement.Generate()));
        return new Command("docs", "Print a page of the documentation that follows from the code.") { configuration, conformance }.Hide();
    }

    private static Command Hide(this Command command)
    {
        command.Hidden = true;
        return command;
    }
}

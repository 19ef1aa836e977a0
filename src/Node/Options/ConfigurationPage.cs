using System.CommandLine;
using System.Text;
using Panal.Node.Commands;

namespace Panal.Node.Options;

/// <summary>Writes docs/configuration.md from the options records.</summary>
internal static class ConfigurationPage
{
    public static string Write()
    {
        var page = new StringBuilder()
            .Append("# Configuration\n\n")
            .Append("Written by `panal docs configuration` from the options records; a test compares it.\n\n")
            .Append("Panal runs without any configuration. What is set is taken from, the later winning over the earlier:\n\n")
            .Append("1. the defaults below,\n")
            .Append("2. `panal.json` in the data folder, read once at the start: `{ \"NetworkAE\": { \"AETitle\": \"ARCHIVE\" } }`,\n")
            .Append("3. environment variables: `PANAL_NetworkAE__AETitle=ARCHIVE`,\n")
            .Append("4. the command line.\n\n")
            .Append("`panal check` shows every value in force and where it comes from. The nouns are those of PS3.15 Annex H. ")
            .Append("Times are written `hours:minutes:seconds`.\n");
        var options = new NodeArguments(new Command("serve"), withSettings: true).Names
            .ToDictionary(n => n.Setting, n => n.Option);
        foreach (var section in SettingsCatalogue.Sections)
        {
            page.Append($"\n## {section.Name}\n\n")
                .Append("| Setting | Default | Range | Command line | Meaning |\n|---|---|---|---|---|\n");
            foreach (var setting in SettingsCatalogue.SettingsOf(section))
            {
                var option = options.TryGetValue(setting.Name, out var name) ? Code(name) : "";
                page.Append($"| `{setting.Name[(section.Name.Length + 1)..]}` | {Code(setting.DefaultText)} | {setting.Range} | {option} | {setting.Description} |\n");
            }
        }

        return page.ToString();
    }

    private static string Code(string text) => text.Length == 0 ? "" : $"`{text}`";
}

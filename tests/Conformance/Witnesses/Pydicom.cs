using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>An independent reader: the scripts in Witnesses/Scripts, run by Debian's Python with Debian's pydicom.</summary>
internal static class Pydicom
{
    /// <summary>Runs a script and returns the JSON document that it prints; skips the test when pydicom is missing.</summary>
    public static async Task<JsonElement> RunAsync(string script, IEnumerable<string> arguments, CancellationToken ct)
    {
        string file = Repository.Combine("tests", "Conformance", "Witnesses", "Scripts", script + ".py");
        ProgramResult result = await ForeignProgram.RunAsync("python3", [file, .. arguments], ct);
        Assert.SkipWhen(result.Errors.Contains("No module named 'pydicom'", StringComparison.Ordinal), "pydicom is not installed on this machine");
        result.Succeeded();
        return JsonDocument.Parse(result.Output).RootElement;
    }
}

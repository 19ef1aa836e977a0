using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>dicomweb-client (npm), which viewers in the browser are made with; installed once into artifacts/witnesses.</summary>
internal static class DicomWebClient
{
    private static readonly NpmScript Script = new("dicomweb-client", "dicomweb.js", "dicomweb-client@0.11.3", "xhr2@0.2.1");

    /// <summary>Stores files, searches, retrieves all again, and returns what came.</summary>
    public static async Task<JsonElement> RunAsync(Uri server, IEnumerable<string> files, CancellationToken ct)
    {
        string script = await Script.InstallAsync(ct);
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, server.ToString().TrimEnd('/'), .. files], ct)).Succeeded();
        return JsonDocument.Parse(result.Output).RootElement;
    }
}

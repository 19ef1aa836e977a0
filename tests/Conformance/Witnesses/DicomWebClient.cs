using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>dicomweb-client (npm), which viewers in the browser are made with; installed once into artifacts/witnesses.</summary>
internal static class DicomWebClient
{
    private static readonly string[] Packages = ["dicomweb-client@0.11.3", "xhr2@0.2.1"];
    private static readonly SemaphoreSlim Gate = new(1, 1);

    /// <summary>Stores files, searches, retrieves all again, and returns what came.</summary>
    public static async Task<JsonElement> RunAsync(Uri server, IEnumerable<string> files, CancellationToken ct)
    {
        string script = await InstallAsync(ct);
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, server.ToString().TrimEnd('/'), .. files], ct)).Succeeded();
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static async Task<string> InstallAsync(CancellationToken ct)
    {
        string folder = Repository.Combine("artifacts", "witnesses", "dicomweb-client");
        string script = Path.Combine(folder, "dicomweb.js");
        await Gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(folder);
            if (!Directory.Exists(Path.Combine(folder, "node_modules", "dicomweb-client")))
            {
                ForeignProgram.Require("node");
                ProgramResult installed = await ForeignProgram.RunAsync(
                    "npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", .. Packages], ct, folder);
                Assert.SkipWhen(installed.ExitCode != 0, $"npm cannot install {string.Join(' ', Packages)}");
            }

            File.Copy(Repository.Combine("tests", "Conformance", "Witnesses", "Scripts", "dicomweb.js"), script, overwrite: true);
            return script;
        }
        finally
        {
            Gate.Release();
        }
    }
}

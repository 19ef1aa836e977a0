using System.Text.Json;

using Panal.Conformance.Witness;
namespace Panal.Conformance.Witnesses;

/// <summary>dcmjs-dimse (npm) as an independent storage commitment SCU; installed once into artifacts/witnesses.</summary>
internal static class DcmjsDimse
{
    private const string Package = "dcmjs-dimse@0.3.3";
    private static readonly SemaphoreSlim Gate = new(1, 1);

    /// <summary>Sends an N-ACTION and returns its status.</summary>
    public static async Task<int> RequestCommitmentAsync(
        PanalNode node, string callingAeTitle, string transactionUid, IEnumerable<(string ClassUid, string InstanceUid)> references, CancellationToken ct)
    {
        string script = await InstallAsync(ct);
        string[] arguments =
        [
            script, "request", node.DicomPort.ToString(), node.AeTitle, callingAeTitle, transactionUid,
            .. references.SelectMany(reference => new[] { reference.ClassUid, reference.InstanceUid }),
        ];
        ProgramResult result = (await ForeignProgram.RunAsync("node", arguments, ct)).Succeeded();
        return JsonDocuments(result.Output).Single().GetProperty("status").GetInt32();
    }

    /// <summary>Listens until the given number of results has been reported, and returns what came: an association, then its result.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ListenAsync(int port, int count, Func<Task> whileListening, CancellationToken ct)
    {
        string script = await InstallAsync(ct);
        Task<ProgramResult> listening = ForeignProgram.RunAsync("node", [script, "listen", port.ToString(), count.ToString()], ct);
        await LoopbackPort.WaitUntilOpenAsync(port, TimeSpan.FromSeconds(20), ct);
        await whileListening();
        return JsonDocuments((await listening).Succeeded().Output);
    }

    private static List<JsonElement> JsonDocuments(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];

    private static async Task<string> InstallAsync(CancellationToken ct)
    {
        string folder = Repository.Combine("artifacts", "witnesses", "dcmjs-dimse");
        string script = Path.Combine(folder, "commitment.js");
        await Gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(folder);
            if (!Directory.Exists(Path.Combine(folder, "node_modules", "dcmjs-dimse")))
            {
                ForeignProgram.Require("node");
                ProgramResult installed = await ForeignProgram.RunAsync(
                    "npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", Package], ct, folder);
                Assert.SkipWhen(installed.ExitCode != 0, $"npm cannot install {Package}");
            }

            File.Copy(Repository.Combine("tests", "Conformance", "Witnesses", "Scripts", "commitment.js"), script, overwrite: true);
            return script;
        }
        finally
        {
            Gate.Release();
        }
    }
}

using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>dcmjs-dimse (npm) as an independent SCU of storage commitment and of Instance Availability Notification; installed once into artifacts/witnesses.</summary>
internal static class DcmjsDimse
{
    private static readonly NpmScript Script = new("dcmjs-dimse", "commitment.js", "dcmjs-dimse@0.3.3");
    private static readonly NpmScript Notices = new("dcmjs-dimse", "notice.js", "dcmjs-dimse@0.3.3");

    private static readonly TimeSpan ListenLimit = TimeSpan.FromMinutes(2);

    /// <summary>Sends an N-ACTION and returns its status.</summary>
    public static async Task<int> RequestCommitmentAsync(
        PanalNode node, string callingAeTitle, string transactionUid, IEnumerable<(string ClassUid, string InstanceUid)> references, CancellationToken ct)
    {
        string script = await Script.InstallAsync(ct);
        string[] arguments =
        [
            script, "request", node.DicomPort.ToString(), node.AeTitle, callingAeTitle, transactionUid,
            .. references.SelectMany(reference => new[] { reference.ClassUid, reference.InstanceUid }),
        ];
        return await StatusAsync(arguments, ct);
    }

    /// <summary>Sends an N-CREATE of Instance Availability Notification and returns its status.</summary>
    /// <param name="series">The series; null leaves the references out.</param>
    public static async Task<int> NoticeAsync(
        PanalNode node, string callingAeTitle, string study, string? series, IEnumerable<(string ClassUid, string InstanceUid)> references, CancellationToken ct)
    {
        string script = await Notices.InstallAsync(ct);
        string[] arguments =
        [
            script, node.DicomPort.ToString(), node.AeTitle, callingAeTitle, study, series ?? "-",
            .. references.SelectMany(reference => new[] { reference.ClassUid, reference.InstanceUid }),
        ];
        return await StatusAsync(arguments, ct);
    }

    /// <summary>Listens until the given number of results has been reported, and returns what came: an association, then its result.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ListenAsync(int port, int count, Func<Task> whileListening, CancellationToken ct)
    {
        string script = await Script.InstallAsync(ct);
        await using var listener = BackgroundProgram.Start(ForeignProgram.Require("node"), [script, "listen", port.ToString(), count.ToString()], Path.GetTempPath(), "listening", "done");
        await listener.WaitForLineAsync("listening", TimeSpan.FromSeconds(60), ct);
        await whileListening();
        await listener.WaitForLineAsync("done", ListenLimit, ct);
        return JsonDocuments(listener.Output);
    }

    private static async Task<int> StatusAsync(string[] arguments, CancellationToken ct)
    {
        ProgramResult result = (await ForeignProgram.RunAsync("node", arguments, ct)).Succeeded();
        return JsonDocuments(result.Output).Single().GetProperty("status").GetInt32();
    }

    private static List<JsonElement> JsonDocuments(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
}

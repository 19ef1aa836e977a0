namespace Panal.Conformance.Witnesses;

/// <summary>GDCM's client. Version 3.0.21 ends with an exception of its own after every association, with any server, once all is said.</summary>
internal static class Gdcmscu
{
    private const string OwnEnd = "ProtocolStream as nullptr is invalid";

    public static async Task RunAsync(PanalNode node, IEnumerable<string> operation, CancellationToken ct)
    {
        ProgramResult result = await ForeignProgram.RunAsync("gdcmscu", [.. operation, "--call", node.AeTitle, "127.0.0.1", node.DicomPort.ToString()], ct);
        Assert.True(result.ExitCode == 0 || result.Errors.Contains(OwnEnd, StringComparison.Ordinal), result.Everything);
    }
}

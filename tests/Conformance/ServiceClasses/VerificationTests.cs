using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

public sealed class VerificationTests(SharedNode shared)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Echoscu_is_answered_in_all_its_proposals()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        (await ForeignProgram.RunAsync("echoscu", ["--repeat", "5", "--propose-ts", "30", "--propose-pc", "64", .. node.DcmtkAddress("ECHOSCU")], Ct)).Succeeded();
    }

    [Fact]
    public async Task Gdcmscu_is_answered()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        await Gdcmscu.RunAsync(node, ["--echo"], Ct);
    }

    [Fact]
    public async Task Orthanc_is_answered()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        await using Orthanc orthanc = await Orthanc.StartAsync(Ct, known: (node.AeTitle, node.DicomPort));
        await orthanc.PostAsync($"modalities/{node.AeTitle}/echo", new System.Text.Json.Nodes.JsonObject(), Ct);
    }

    [Fact]
    public async Task A_wrong_called_AE_title_is_rejected_with_reason_7()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        ProgramResult result = await ForeignProgram.RunAsync("echoscu", ["-v", "-aec", "SOMEBODYELSE", "127.0.0.1", node.DicomPort.ToString()], Ct);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Called AE Title Not Recognized", result.Everything);
    }

    [Fact]
    public async Task An_abort_in_place_of_a_release_is_borne()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        (await ForeignProgram.RunAsync("echoscu", ["--abort", .. node.DcmtkAddress("ABORTER")], Ct)).Succeeded();
        (await ForeignProgram.RunAsync("echoscu", node.DcmtkAddress("ECHOSCU"), Ct)).Succeeded();
    }

    [Fact]
    public async Task Our_own_client_greets_dcmtk_and_itself()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        await using Storescp peer = await Storescp.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(["echo", "127.0.0.1", node.DicomPort.ToString(), "--called", node.AeTitle], Ct)).Succeeded();
        (await PanalNode.RunCommandAsync(["echo", "127.0.0.1", peer.Port.ToString(), "--called", peer.AeTitle], Ct)).Succeeded();
        ProgramResult nobody = await PanalNode.RunCommandAsync(["echo", "127.0.0.1", LoopbackPort.Free().ToString()], Ct);
        Assert.NotEqual(0, nobody.ExitCode);
    }
}

using System.Text.RegularExpressions;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>What the audit trail says of foreign clients' doings. PS3.15 §A.5.3.</summary>
public sealed class AuditTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Storing_finding_and_fetching_leave_one_message_each()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 5, Ct);
        using var directory = new TemporaryDirectory("getscu");
        string[] study = ["-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}"];
        (await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nuc", .. node.DcmtkAddress("DCMSEND"), .. files.Select(file => file.Path)], Ct)).Succeeded();
        (await ForeignProgram.RunAsync("findscu", ["-S", .. study, .. node.DcmtkAddress("FINDSCU")], Ct)).Succeeded();
        (await ForeignProgram.RunAsync("getscu", ["-S", .. study, .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        await node.Program.StopAsync(Ct);
        string trail = string.Concat(Directory.GetFiles(Path.Combine(node.DataDirectory, "audit")).Select(File.ReadAllText));

        // Instances Transferred: once received, once sent; Begin Transferring; Query.
        Assert.Equal(2, Regex.Count(trail, "csd-code=\"110104\"|code=\"110104\"", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Equal(1, Regex.Count(trail, "code=\"110102\"", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Equal(1, Regex.Count(trail, "code=\"110112\"", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Contains(files[0].StudyInstanceUid, trail);
        Assert.Contains("DCMSEND", trail);
    }

    [Fact]
    public async Task The_log_names_no_patient()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("charset", 13, Ct);
        await PanalNode.RunCommandAsync(["store", "127.0.0.1", node.DicomPort.ToString(), "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct);
        (await ForeignProgram.RunAsync(
            "findscu", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=Buc*", "-k", "PatientID=CANARY4711", .. node.DcmtkAddress("FINDSCU")], Ct)).Succeeded();
        await node.Program.StopAsync(Ct);
        Assert.DoesNotContain("CANARY4711", node.Program.Output);
        Assert.DoesNotContain("Buc", node.Program.Output);
        Assert.All(files.Where(file => file.PatientId.Length > 4), file => Assert.DoesNotContain(file.PatientId, node.Program.Output));
    }
}

using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>dcmjs-dimse tells that instances can be had from dcmqrscp, in front of which the node stands.</summary>
public sealed class InstanceAvailabilityTests(SharedNode shared)
{
    private const string Archive = "DCMQRSCP";

    /// <summary>PS3.7 §C.5.13.</summary>
    private const int MissingAttribute = 0x0120;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_mirrored_archive_tells_of_is_found_although_no_look_at_what_is_new_would_find_it()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        await using Dcmqrscp archive = await Dcmqrscp.StartAsync(Ct, Archive, ("PANAL", node.DicomPort));
        await BrokerAsync(node, "add", "hospital", "--dicom", $"{Archive}@127.0.0.1:{archive.Port}", "--retrieve", "move", "--poll", "86400");
        Assert.Contains("0 studies, 0 images; complete", await BrokerAsync(node, "sweep", "hospital", "--all"), StringComparison.Ordinal);

        // A study of years ago comes into the archive; what is new there is looked for by the dates of these days.
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 4, Ct);
        (await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nuc", "-aet", "MODALITY", "-aec", Archive, "127.0.0.1", archive.Port.ToString(), .. files.Select(file => file.Path)], Ct)).Succeeded();
        Assert.Contains("0 studies, 0 images; complete", await BrokerAsync(node, "sweep", "hospital"), StringComparison.Ordinal);

        (string, string)[] references = [.. files.Select(file => (file.SopClassUid, file.SopInstanceUid))];
        Assert.Equal(0, await DcmjsDimse.NoticeAsync(node, Archive, files[0].StudyInstanceUid, files[0].SeriesInstanceUid, references, Ct));
        Assert.Contains($"1 studies, {files.Count} images; complete", await BrokerAsync(node, "sweep", "hospital"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_notice_without_references_is_refused_and_one_about_an_archive_that_is_not_mirrored_is_taken()
    {
        PanalNode node = await shared.NodeAsync(Ct);
        Assert.Equal(MissingAttribute, await DcmjsDimse.NoticeAsync(node, "PACS", "1.2.3", series: null, [], Ct));
        Assert.Equal(0, await DcmjsDimse.NoticeAsync(node, "PACS", "1.2.3", "1.2.3.4", [("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5")], Ct));
    }

    private static async Task<string> BrokerAsync(PanalNode node, params string[] arguments) =>
        (await PanalNode.RunCommandAsync(["broker", .. arguments, "--data", node.DataDirectory], Ct)).Succeeded().Output;
}

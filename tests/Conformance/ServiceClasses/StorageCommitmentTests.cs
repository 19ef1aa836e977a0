using System.Text.Json;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>dcmjs-dimse asks for commitment and listens for the result.</summary>
public sealed class StorageCommitmentTests
{
    private const string Listener = "DCMJS";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stored_instances_are_committed_and_missing_ones_are_named()
    {
        int port = LoopbackPort.Free();
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        await node.AddApplicationEntityAsync(Listener, port, Ct);
        IReadOnlyList<CorpusFile> files = await StoreAsync(node);
        (string, string)[] stored = [.. files.Select(file => (file.SopClassUid, file.SopInstanceUid))];
        (string, string)[] withMissing = [.. stored, (files[0].SopClassUid, "1.2.3.4.5.6")];
        IReadOnlyList<JsonElement> heard = await DcmjsDimse.ListenAsync(
            port, 2,
            async () =>
            {
                Assert.Equal(0, await DcmjsDimse.RequestCommitmentAsync(node, Listener, "1.2.840.99.1", stored, Ct));
                Assert.Equal(0, await DcmjsDimse.RequestCommitmentAsync(node, Listener, "1.2.840.99.2", withMissing, Ct));
            },
            Ct);
        JsonElement[] results = [.. heard.Where(line => line.TryGetProperty("event", out _)).OrderBy(line => line.GetProperty("event").GetInt32())];
        Assert.Equal([1, 2], results.Select(result => result.GetProperty("event").GetInt32()));
        Assert.Equal(stored.Select(one => one.Item2).Order(), References(results[0], "ReferencedSOPSequence").Order());
        Assert.Equal(stored.Select(one => one.Item2).Order(), References(results[1], "ReferencedSOPSequence").Order());
        Assert.Equal(["1.2.3.4.5.6"], References(results[1], "FailedSOPSequence"));
        JsonElement association = heard.First(line => line.TryGetProperty("calling", out _));
        Assert.Equal(node.AeTitle, association.GetProperty("calling").GetString()!.Trim());
        Assert.Equal(Listener, association.GetProperty("called").GetString()!.Trim());
    }

    [Fact]
    public async Task A_result_that_nobody_took_survives_a_restart()
    {
        int port = LoopbackPort.Free();
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        await node.AddApplicationEntityAsync(Listener, port, Ct);
        IReadOnlyList<CorpusFile> files = await StoreAsync(node);
        (string, string)[] stored = [.. files.Select(file => (file.SopClassUid, file.SopInstanceUid))];
        Assert.Equal(0, await DcmjsDimse.RequestCommitmentAsync(node, Listener, "1.2.840.99.3", stored, Ct));
        await node.Program.KillAsync();
        IReadOnlyList<JsonElement> heard = await DcmjsDimse.ListenAsync(port, 1, () => node.StartAgainAsync(Ct), Ct);
        JsonElement result = heard.Single(line => line.TryGetProperty("event", out _));
        Assert.Equal(1, result.GetProperty("event").GetInt32());
        Assert.Equal("1.2.840.99.3", result.GetProperty("dataset").GetProperty("TransactionUID").GetString());
    }

    [Fact]
    public async Task A_damaged_file_is_not_committed()
    {
        int port = LoopbackPort.Free();
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        await node.AddApplicationEntityAsync(Listener, port, Ct);
        IReadOnlyList<CorpusFile> files = await StoreAsync(node);

        // A clean stop settles every file in its final place; one byte of one of them is turned then.
        await node.Program.StopAsync(Ct);
        string damaged = Directory.GetFiles(node.DataDirectory, $"{files[0].SopInstanceUid}.dcm", SearchOption.AllDirectories).Single();
        await using (FileStream file = new(damaged, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Seek(-1000, SeekOrigin.End);
            int value = file.ReadByte();
            file.Seek(-1000, SeekOrigin.End);
            file.WriteByte((byte)(value ^ 0x55));
        }

        await node.StartAgainAsync(Ct);
        (string, string)[] asked = [(files[0].SopClassUid, files[0].SopInstanceUid)];
        IReadOnlyList<JsonElement> heard = await DcmjsDimse.ListenAsync(
            port, 1, async () => Assert.Equal(0, await DcmjsDimse.RequestCommitmentAsync(node, Listener, "1.2.840.99.4", asked, Ct)), Ct);
        JsonElement result = heard.Single(line => line.TryGetProperty("event", out _));
        Assert.Equal(2, result.GetProperty("event").GetInt32());
        Assert.Equal([files[0].SopInstanceUid], References(result, "FailedSOPSequence"));
    }

    private static async Task<IReadOnlyList<CorpusFile>> StoreAsync(PanalNode node)
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 4, Ct);
        (await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nuc", .. node.DcmtkAddress("DCMSEND"), .. files.Select(file => file.Path)], Ct)).Succeeded();
        return files;
    }

    private static IEnumerable<string> References(JsonElement result, string sequence)
    {
        if (!result.GetProperty("dataset").TryGetProperty(sequence, out JsonElement items))
        {
            return [];
        }

        // dcmjs shows a sequence of one item as the item itself.
        IEnumerable<JsonElement> all = items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : [items];
        return all.Select(item => item.GetProperty("ReferencedSOPInstanceUID").GetString()!);
    }
}

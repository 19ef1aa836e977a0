using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Compaction;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Federation.Fetching;
using Panal.Swarm.Transfers;
using Panal.Unit.Imaging;
using Panal.Unit.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Unit.Federation.Fetching;

public sealed class CompactFetchingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_compact_study_comes_in_the_bytes_of_its_compact_form_and_is_what_was_received()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await CompactStudies.StoreAsync(holder, 3);
        var received = await CompactStudies.ReceivedAsync(holder);
        await CompactStudies.CompactAsync(holder);
        await clinic.FollowAsync(holder);

        var transfer = await clinic.Remote.FetchStudyAsync("1.2.3", TransferPriority.Interactive, Token);
        await transfer!.Ended.WaitAsync(Token);
        Assert.Equal(3, transfer.Progress.Objects);
        Assert.InRange(transfer.Progress.LengthBytes, 1, received.Values.Sum(file => (long)file.Length) * 9 / 10);
        Assert.Equal(received, await CompactStudies.ReceivedAsync(clinic));
        Assert.All(await clinic.Archive.FilesAsync(), file => Assert.EndsWith(".compact.dcm", file.Key, StringComparison.Ordinal));

        // The same content for everybody: the feed of the clinic brings no conflict, and a third node gets it from there.
        await using var third = await FetchingNode.StartAsync(network);
        await third.FollowAsync(clinic);
        await third.FollowAsync(holder);
        Assert.Empty(third.Archive.Holdings.Catalogue.Conflicts(isOpenOnly: true, 0, 10));
        network.Cut(holder.Id);
        var again = await third.Remote.FetchStudyAsync("1.2.3", TransferPriority.Interactive, Token);
        await again!.Ended.WaitAsync(Token);
        Assert.Equal(received, await CompactStudies.ReceivedAsync(third));
    }

    [Fact]
    public async Task What_a_crash_took_from_the_catalogue_comes_back_compact()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await CompactStudies.StoreAsync(holder, 1);
        await CompactStudies.CompactAsync(holder);
        var row = holder.Archive.Holdings.Catalogue.FindInstance("1.2.3.4.1")!;
        var note = new ArrayBufferWriter<byte>();
        var record = new Panal.Catalogue.InstanceRecord(
            new Images().Attributes(), row.SopInstanceUid, row.SopClassUid, row.TransferSyntaxUid, "", DateTimeOffset.UnixEpoch, row.Copy! with { VerifiedAt = null });
        Panal.Catalogue.InstanceNote.Encode(record, note);
        Assert.True(Panal.Catalogue.InstanceNote.TryDecode(note.WrittenMemory, out var decoded));
        Assert.Equal(record.Copy, decoded.Copy);
        for (var length = 0; length < note.WrittenCount; length++)
        {
            Assert.False(Panal.Catalogue.InstanceNote.TryDecode(note.WrittenMemory[..length], out _));
        }
    }

    [Fact]
    public async Task A_compact_file_that_gives_something_else_is_refused()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await CompactStudies.StoreAsync(holder, 1);
        await CompactStudies.CompactAsync(holder);
        await clinic.FollowAsync(holder);
        var file = (await holder.Archive.FilesAsync()).Single(one => one.Key.EndsWith(".compact.dcm", StringComparison.Ordinal)).Value;

        // The recipe names another hash: byte 4 of the recipe, whose head is known.
        var at = file.AsSpan().IndexOf("PCF\u0001"u8) + 4;
        file[at] ^= 1;
        Assert.Equal(IngestResult.Refused, (await clinic.Archive.Ingester.StoreCopyAsync(new MemoryStream(file), Token)).Result);
        file[at] ^= 1;
        Assert.Equal(IngestResult.Stored, (await clinic.Archive.Ingester.StoreCopyAsync(new MemoryStream(file), Token)).Result);
    }

    [Fact]
    public async Task Messages_survive_every_cut_and_impossible_numbers()
    {
        var offer = new CompactOffer(ContentHash.Of([1]), ContentHash.Of([2]), 77, []);
        var staged = offer with { Stages = [new CompactStage(ContentHash.Of([3]), 5), new CompactStage(ContentHash.Of([4]), 80)] };
        var answer = new ArrayBufferWriter<byte>();
        FormsMessages.WriteAnswer(answer, [offer, staged]);
        Assert.Equal([offer, staged], await FormsMessages.ReadAnswerAsync(Pipe(answer.WrittenMemory), Token));
        for (var length = 0; length < answer.WrittenCount; length++)
        {
            var cut = answer.WrittenMemory[..length];
            await Assert.ThrowsAsync<FormsProtocolException>(async () => await FormsMessages.ReadAnswerAsync(Pipe(cut), Token));
        }

        foreach (var count in (uint[])[FormsMessages.FormLimit + 1, uint.MaxValue])
        {
            await Assert.ThrowsAsync<FormsProtocolException>(async () => await FormsMessages.ReadAnswerAsync(Pipe(BitConverter.GetBytes(count)), Token));
        }

        var question = new ArrayBufferWriter<byte>();
        FormsMessages.WriteQuestion(question, "1.2.3");
        Assert.Equal("1.2.3", await FormsMessages.ReadQuestionAsync(Pipe(question.WrittenMemory), Token));
        foreach (var bytes in (byte[][])[[], [0], [129], [3, 49, 46], [1, 0x80]])
        {
            await Assert.ThrowsAsync<FormsProtocolException>(async () => await FormsMessages.ReadQuestionAsync(Pipe(bytes), Token));
        }
    }

    [Fact]
    public void A_form_is_worth_it_when_a_third_of_the_holders_have_it()
    {
        var (common, rare) = (new CompactOffer(ContentHash.Of([1]), ContentHash.Of([2]), 50, []), new CompactOffer(ContentHash.Of([1]), ContentHash.Of([3]), 40, []));
        Assert.Equal(common, Assert.Single(FormsDesk.Choose([[common], [common], [rare]])).Value);
        Assert.Equal(rare, Assert.Single(FormsDesk.Choose([[common], [rare], []])).Value);
        Assert.Empty(FormsDesk.Choose([[common], [], [], []]));
        Assert.Empty(FormsDesk.Choose([]));
    }

    private static PipeReader Pipe(ReadOnlyMemory<byte> bytes) => PipeReader.Create(new ReadOnlySequence<byte>(bytes));
}

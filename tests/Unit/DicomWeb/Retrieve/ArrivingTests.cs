using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Text;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb.Retrieve;

/// <summary>Studies that other nodes hold, asked for while they arrive.</summary>
public sealed class ArrivingTests
{
    private static readonly string[] Uids = ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_image_leaves_as_soon_as_it_has_come()
    {
        var remote = new ScriptedCopies();
        await using var web = await OpenAsync(remote);
        remote.Archive = web.Archive;
        remote.Let(Uids[0], comes: true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "studies/1.2.3");
        using var answer = await web.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await using var body = await answer.Content.ReadAsStreamAsync(Ct);

        // The first is read to its end while the others have not come.
        var text = await ReadUntilAsync(body, "", Uids[0] + "\r\n");
        Assert.DoesNotContain(Uids[1] + "\r\n", text, StringComparison.Ordinal);
        remote.Let(Uids[1], comes: true);
        text = await ReadUntilAsync(body, text, Uids[1] + "\r\n");
        Assert.DoesNotContain(Uids[2] + "\r\n", text, StringComparison.Ordinal);
        remote.Let(Uids[2], comes: true);
        text = await ReadUntilAsync(body, text, "--\r\n");
        Assert.Equal(3, text.Split("DICM").Length - 1);
    }

    [Fact]
    public async Task One_that_does_not_come_after_all_breaks_the_answer_off()
    {
        var remote = new ScriptedCopies();
        await using var web = await OpenAsync(remote);
        remote.Archive = web.Archive;
        remote.Let(Uids[0], comes: true);
        remote.Let(Uids[1], comes: false);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => web.Client.GetByteArrayAsync(new Uri("studies/1.2.3", UriKind.Relative), Ct));
    }

    [Fact]
    public async Task When_nothing_can_be_brought_the_client_may_come_back()
    {
        var remote = new ScriptedCopies();
        await using var web = await OpenAsync(remote);
        remote.Archive = web.Archive;
        remote.Let(Uids[0], comes: false);
        remote.Let(Uids[1], comes: false);
        foreach (var path in new[] { "studies/1.2.3", "studies/1.2.3/metadata", "studies/1.2.3/thumbnail" })
        {
            using var answer = await web.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, answer.StatusCode));
            Assert.NotNull(answer.Headers.RetryAfter);
        }
    }

    private static async Task<WebArchive> OpenAsync(IRemoteCopies remote)
    {
        var web = await WebArchive.OpenAsync(remote: remote);
        var node = Guid.NewGuid();
        var catalogue = web.Archive.Holdings.Catalogue;
        await catalogue.SubscribeAsync(node, 0, Ct);
        var state = Catalogue.Replication.StateCodecTests.State("1.2.3", "Doe^Jane", Uids);
        await catalogue.ApplyAsync(node, new FeedStep(state, new FeedCursor(node, 1, 1, 1, 0, null), new FeedHead(1, DateTimeOffset.UnixEpoch), false), Ct);
        return web;
    }

    private static async Task<string> ReadUntilAsync(Stream body, string text, string end)
    {
        var (read, buffer) = (new StringBuilder(text), new byte[4096]);
        while (!read.ToString().Contains(end, StringComparison.Ordinal))
        {
            var count = await body.ReadAsync(buffer, Ct);
            Assert.True(count > 0, "The answer ended too early");
            read.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return read.ToString();
    }

    /// <summary>Brings an instance when the test says so, by storing it as the network would.</summary>
    private sealed class ScriptedCopies : IRemoteCopies
    {
        public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct) =>
            ValueTask.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([]);

        private readonly ConcurrentDictionary<string, TaskCompletionSource<bool>> _script = new(StringComparer.Ordinal);

        public TemporaryArchive? Archive { get; set; }

        public void Let(string uid, bool comes) => Of(uid).SetResult(comes);

        public async ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct)
        {
            if (!await Of(wanted.SopInstanceUid).Task.WaitAsync(ct))
            {
                return false;
            }

            var outcome = await Archive!.StoreAsync(new Sample { SopInstanceUid = wanted.SopInstanceUid, SeriesInstanceUid = "1.2.3.1" });
            Assert.Equal(IngestResult.Stored, outcome.Result);
            return true;
        }

        private TaskCompletionSource<bool> Of(string uid) =>
            _script.GetOrAdd(uid, _ => new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}

using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

/// <summary>What peers do that they must not: each is answered by the right A-ABORT or A-ASSOCIATE-RJ, within limits.</summary>
public sealed class HostilePeerTests
{
    private static readonly AssociationOptions Options = new();

    /// <summary>Whoever reads has read when the writer goes on: so the clock can be moved between two bytes.</summary>
    private static readonly PipeOptions AtOnce = new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private static readonly byte[] Echo = Peers.Command(1, Peers.Request(CommandField.CEcho, 1, Uids.Verification, hasDataSet: false));

    public static TheoryData<string, byte[]> FirstBytes => new()
    {
        { "an HTTP request", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n") },
        { "a TLS hello", [0x16, 3, 1, 2, 0] },
        { "a PDU of 4 GiB", [1, 0, 0xFF, 0xFF, 0xFF, 0xFF] },
        { "a request of no bytes", [1, 0, 0, 0, 0, 0] },
        { "a request of 1 MB", [1, 0, 0, 0x10, 0, 0] },
        { "data before the association", Echo },
        { "release before the association", Peers.ReleaseRequest() },
        { "an acceptance", Vectors.Read("upper-layer-pdus.txt", "associate-accept") },
        { "200 contexts", Peers.AssociateRequest([.. Enumerable.Range(0, 200).Select(index => new ProposedPresentationContext((byte)((index * 2) + 1), "1.2", ["1.2"]))]) },
        { "an even context", Peers.AssociateRequest([new ProposedPresentationContext(2, "1.2", ["1.2"])]) },
        { "a context twice", Peers.AssociateRequest([new ProposedPresentationContext(1, "1.2", ["1.2"]), new ProposedPresentationContext(1, "1.2", ["1.2"])]) },
        { "an item that overruns", Overrun() },
    };

    public static TheoryData<string, byte[], AbortReason> BytesWithinAssociation => new()
    {
        { "an unknown PDU", [9, 0, 0, 0, 0, 4, 0, 0, 0, 0], AbortReason.UnrecognizedPdu },
        { "a second request", Peers.AssociateRequest(AssociationPair.UsualContexts), AbortReason.UnexpectedPdu },
        { "an acceptance", Vectors.Read("upper-layer-pdus.txt", "associate-accept"), AbortReason.UnexpectedPdu },
        { "a rejection", Vectors.Read("upper-layer-pdus.txt", "associate-reject"), AbortReason.UnexpectedPdu },
        { "a release reply", Peers.ReleaseReply(), AbortReason.UnexpectedPdu },
        { "a PDU of 4 GiB", [4, 0, 0xFF, 0xFF, 0xFF, 0xFF], AbortReason.InvalidPduParameterValue },
        { "a PDU without PDV", [4, 0, 0, 0, 0, 0], AbortReason.InvalidPduParameterValue },
        { "a PDU beyond the maximum", [4, 0, 0, 0x10, 0, 1], AbortReason.InvalidPduParameterValue },
        { "a PDV longer than its PDU", [4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 3, 0, 0], AbortReason.InvalidPduParameterValue },
        { "a PDV of 4 GiB", [4, 0, 0, 0, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 3, 0, 0], AbortReason.InvalidPduParameterValue },
        { "a PDV of length 1", [4, 0, 0, 0, 0, 8, 0, 0, 0, 1, 1, 3, 0, 0], AbortReason.InvalidPduParameterValue },
        { "bytes behind the last PDV", Peers.Pdu(Peers.Pdv(1, true, true, Peers.Encode(Peers.Cancel(9))), [0, 0]), AbortReason.InvalidPduParameterValue },
        { "a data set without command", Peers.Data(1, isCommand: false, new byte[10], 16384), AbortReason.UnexpectedPduParameter },
        { "a context that is not accepted", Peers.Command(99, Peers.Request(CommandField.CEcho, 1, Uids.Verification, false)), AbortReason.InvalidPduParameterValue },
        { "a command that changes its context", [.. Peers.Pdu(Peers.Pdv(1, true, false, new byte[4])), .. Peers.Pdu(Peers.Pdv(3, true, true, new byte[4]))], AbortReason.UnexpectedPduParameter },
        { "a command that is no data set", Peers.Pdu(Peers.Pdv(1, true, true, [1, 2, 3])), AbortReason.InvalidPduParameterValue },
        { "a command without command field", Peers.Pdu(Peers.Pdv(1, true, true, [])), AbortReason.InvalidPduParameterValue },
        { "a data set of another context", [.. Peers.Command(3, Peers.StoreCommand(1)), .. Peers.Data(1, false, new byte[4], 16384)], AbortReason.UnexpectedPduParameter },
        { "a command within a data set", [.. Peers.Command(3, Peers.StoreCommand(1)), .. Peers.Pdu(Peers.Pdv(3, false, false, new byte[4])), .. Echo], AbortReason.UnexpectedPduParameter },
        { "a release within a data set", [.. Peers.Command(3, Peers.StoreCommand(1)), .. Peers.Pdu(Peers.Pdv(3, false, false, new byte[4])), .. Peers.ReleaseRequest()], AbortReason.UnexpectedPdu },
        { "a release between command and data set", [.. Peers.Command(3, Peers.StoreCommand(1)), .. Peers.ReleaseRequest()], AbortReason.UnexpectedPdu },
        { "a release within a command", [.. Peers.Pdu(Peers.Pdv(1, true, false, new byte[4])), .. Peers.ReleaseRequest()], AbortReason.UnexpectedPdu },
        { "a PDV longer than its PDU within a data set", [.. Peers.Command(3, Peers.StoreCommand(1)), 4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 3, 0, 0, 0], AbortReason.InvalidPduParameterValue },
    };

    [Theory]
    [MemberData(nameof(FirstBytes))]
    public async Task First_bytes_that_are_no_valid_request_are_aborted(string what, byte[] bytes)
    {
        Assert.NotNull(what);
        await using var peer = ScriptedPeer.Call(Service.Success, Options);
        await peer.SendAsync(bytes);

        // Sta2 answers as the service user (PS3.8 Table 9-10, AA-1), whose reason field has no meaning.
        await peer.ExpectAbortAsync(AbortSource.ServiceUser, AbortReason.NotSpecified);
    }

    [Theory]
    [MemberData(nameof(BytesWithinAssociation))]
    public async Task A_violation_within_an_association_is_aborted_with_its_reason(string what, byte[] bytes, AbortReason reason)
    {
        Assert.NotNull(what);
        await using var peer = await ScriptedPeer.OpenAsync(new SinkService(), Options);
        await peer.SendAsync(bytes);
        await peer.ExpectAbortAsync(AbortSource.ServiceProvider, reason);
    }

    [Fact]
    public async Task A_command_set_of_100_MB_is_refused_at_its_limit_in_bounded_memory()
    {
        await using var peer = await ScriptedPeer.OpenAsync(Service.Success, Options);
        var before = GC.GetTotalAllocatedBytes();
        var fragment = Peers.Pdu(Peers.Pdv(1, isCommand: true, isLast: false, new byte[16000]));
        for (var sent = 0; sent < 100_000_000 && !peer.Run.IsCompleted; sent += 16000)
        {
            await peer.SendAsync(fragment);
        }

        await peer.ExpectAbortAsync(AbortSource.ServiceProvider, AbortReason.InvalidPduParameterValue);

        // What the other tests allocate meanwhile is counted too.
        Assert.True(GC.GetTotalAllocatedBytes() - before < 90 << 20);
    }

    [Fact]
    public async Task Command_fragments_without_bytes_do_not_hide_that_a_message_is_open()
    {
        await using var peer = await ScriptedPeer.OpenAsync(Service.Success, Options);
        await peer.SendAsync(Peers.Pdu(Peers.Pdv(1, isCommand: true, isLast: false, [])), Peers.ReleaseRequest());
        await peer.ExpectAbortAsync(AbortSource.ServiceProvider, AbortReason.UnexpectedPdu);
    }

    [Fact]
    public async Task A_storm_of_C_CANCEL_harms_nobody()
    {
        await using var peer = await ScriptedPeer.OpenAsync(Service.Success, Options);
        var storm = Enumerable.Range(0, 500).SelectMany(index => Peers.Command(5, Peers.Cancel((ushort)index))).ToArray();
        for (var round = 0; round < 20; round++)
        {
            await peer.SendAsync(storm);
        }

        await peer.SendAsync(Echo);
        Assert.Equal(0x8030, (await peer.ReadCommandAsync()).GetUInt16(Tags.CommandField)!.Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(100)]
    public async Task A_request_that_does_not_come_whole_within_ARTIM_is_closed_in_silence(int bytes)
    {
        await using var peer = ScriptedPeer.Call(Service.Success, Options with { ArtimTimeout = TimeSpan.FromMilliseconds(60) });
        await peer.SendAsync(Peers.AssociateRequest(AssociationPair.UsualContexts)[..bytes]);
        Assert.Equal(0, (await peer.ReadAsync()).Type);
        await peer.Run.WaitAsync(ScriptedPeer.Patience);
    }

    [Fact]
    public async Task A_request_that_trickles_is_closed_at_ARTIM_though_each_byte_comes_soon()
    {
        var time = new FakeTimeProvider();
        await using var peer = ScriptedPeer.Call(Service.Success, Options with { ArtimTimeout = TimeSpan.FromMilliseconds(200) }, pipes: AtOnce, time: time);
        await TrickleAsync(peer, Peers.AssociateRequest(AssociationPair.UsualContexts), time);
        await peer.Run.WaitAsync(ScriptedPeer.Patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_PDU_that_trickles_is_aborted_though_each_byte_comes_soon(bool isDataSet)
    {
        var options = Options with { PduTimeout = TimeSpan.FromMilliseconds(200), MinimumBytesPerSecond = 1_000_000 };
        var time = new FakeTimeProvider();
        await using var peer = await ScriptedPeer.OpenAsync(new SinkService(), options, AtOnce, time);
        await peer.SendAsync(isDataSet ? Peers.Command(3, Peers.StoreCommand(1)) : []);
        await TrickleAsync(peer, isDataSet ? Peers.Data(3, false, new byte[4000], 16384) : Echo, time);
        Assert.Equal(7, (await peer.ReadAsync()).Type);
    }

    [Fact]
    public async Task A_silent_association_is_aborted_when_it_is_idle_too_long()
    {
        await using var peer = await ScriptedPeer.OpenAsync(Service.Success, Options with { IdleTimeout = TimeSpan.FromMilliseconds(60) });
        await peer.ExpectAbortAsync(AbortSource.ServiceUser, AbortReason.NotSpecified);
    }

    [Fact]
    public async Task Silence_while_a_request_is_performed_is_no_idleness()
    {
        var (begun, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        var time = new FakeTimeProvider();
        var service = new Service(async (request, ct) =>
        {
            begun.SetResult();
            await finish.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options with { IdleTimeout = TimeSpan.FromMilliseconds(500) }, time: time);
        await peer.SendAsync(Echo);
        await begun.Task.WaitAsync(ScriptedPeer.Patience);
        time.Advance(TimeSpan.FromMilliseconds(900));
        finish.SetResult();
        Assert.Equal((ushort)0, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status)!.Value);

        // The idleness begins a moment after the answer has left.
        var aborted = peer.ExpectAbortAsync(AbortSource.ServiceUser, AbortReason.NotSpecified);
        while (!aborted.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        await aborted;
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_given_up()
    {
        var ended = new TaskCompletionSource<Exception>();
        var service = new Service(async (request, _) =>
        {
            try
            {
                while (true)
                {
                    await request.RespondAsync(DimseStatus.Pending, request.Command, more: null, CancellationToken.None);
                }
            }
            catch (AssociationEndedException end)
            {
                ended.SetResult(end);
                throw;
            }
        });
        var options = Options with { WriteTimeout = TimeSpan.FromMilliseconds(60), ArtimTimeout = TimeSpan.FromMilliseconds(60) };
        await using var peer = await ScriptedPeer.OpenAsync(service, options, new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
        await peer.SendAsync(Peers.Command(5, Peers.Request(CommandField.CFind, 1, "1.2", hasDataSet: false)));
        var end = Assert.IsType<AssociationEndedException>(await ended.Task.WaitAsync(ScriptedPeer.Patience));
        Assert.Equal(AssociationEnd.TimedOut, end.End);
        await peer.Run.WaitAsync(ScriptedPeer.Patience);
    }

    [Fact]
    public async Task A_peer_that_is_too_slow_is_given_up_though_no_read_of_it_ever_waits()
    {
        var ended = new TaskCompletionSource<AssociationEnd>();
        var service = new Service(async (request, ct) =>
        {
            var end = await Assert.ThrowsAsync<AssociationEndedException>(() => AssociationTests.ReadAllAsync(request.DataSet, ct));
            ended.SetResult(end.End);
            throw end;
        });
        // A hundred reads of a second each for a PDU that is granted forty.
        var slow = new EndlessPeer(messages: 1, dataSetBytes: 200_000, pduBytes: 100_000, chunkBytes: 1_000);
        var options = Options with { PduTimeout = TimeSpan.FromSeconds(30), MinimumBytesPerSecond = 10_000 };
        await AssociationAcceptor.RunAsync(
            slow, new Peer(null, null), options, new AcceptAll(), service, new ReadsOfASecond(), NullLogger.Instance, TestContext.Current.CancellationToken);
        Assert.Equal(AssociationEnd.TimedOut, await ended.Task.WaitAsync(ScriptedPeer.Patience));
    }

    /// <summary>Time in which a second passes from one look to the next.</summary>
    private sealed class ReadsOfASecond : TimeProvider
    {
        private long _seconds;

        public override long GetTimestamp() => Interlocked.Increment(ref _seconds) * TimestampFrequency;
    }

    [Fact]
    public async Task Beyond_the_capacity_a_request_is_rejected_as_transient_and_a_place_becomes_free_again()
    {
        var options = Options with { Capacity = new AssociationCapacity(1) };
        await using (await ScriptedPeer.OpenAsync(Service.Success, options))
        {
            await using var second = ScriptedPeer.Call(Service.Success, options);
            await second.SendAsync(Peers.AssociateRequest(AssociationPair.UsualContexts));
            var (type, body) = await second.ReadAsync();
            Assert.Equal((3, 2, 3, 2), (type, body[1], body[2], body[3]));
        }

        await using var third = await ScriptedPeer.OpenAsync(Service.Success, options);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_provider_rejects_what_it_does_not_know(bool isVersion)
    {
        var request = Peers.AssociateRequest(AssociationPair.UsualContexts);
        request[isVersion ? 7 : 6 + 68 + 5] = isVersion ? (byte)2 : (byte)'9';
        await using var peer = ScriptedPeer.Call(Service.Success, Options);
        await peer.SendAsync(request);
        var (type, body) = await peer.ReadAsync();
        Assert.Equal((3, 1), (type, body[1]));
        Assert.Equal(isVersion ? (2, 2) : (1, 2), (body[2], body[3]));
    }

    [Fact]
    public async Task A_thousand_associations_open_and_close_side_by_side()
    {
        var peers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => ScriptedPeer.OpenAsync(Service.Success, Options)));
        foreach (var peer in peers)
        {
            await peer.SendAsync(Echo);
            Assert.Equal((ushort)0, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status)!.Value);
            await peer.DisposeAsync();
        }
    }

    private static async Task TrickleAsync(ScriptedPeer peer, byte[] bytes, FakeTimeProvider time)
    {
        // Far more time than the limits of the tests: they end it.
        foreach (var one in bytes)
        {
            if (peer.Run.IsCompleted)
            {
                return;
            }

            try
            {
                await peer.SendAsync([one]);
            }
            catch (InvalidOperationException)
            {
                return;
            }

            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
            if (peer.HasHeard)
            {
                return;
            }
        }
    }

    private static byte[] Overrun()
    {
        var request = Peers.AssociateRequest(AssociationPair.UsualContexts);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6 + 68 + 2), 60000);
        return request;
    }
}

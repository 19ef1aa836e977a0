using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Dimse.Transport;

namespace Panal.Unit.Dimse.Associations;

public sealed class AssociationTests
{
    private static readonly AssociationOptions Options = new();

    private static readonly Task Never = new TaskCompletionSource().Task;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_echo_is_answered_and_the_association_released()
    {
        await using var pair = await AssociationPair.OpenAsync(Service.Success);
        var response = await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct);
        Assert.Equal(DimseStatus.Success, response.Status);
        Assert.Equal((ushort)0x8030, response.Command.GetUInt16(Tags.CommandField)!.Value);
        await pair.Requestor.ReleaseAsync(Ct);
        await pair.Acceptor.WaitAsync(ScriptedPeer.Patience, Ct);
        Assert.Equal(UpperLayerState.Idle, pair.Requestor.State);
    }

    [Fact]
    public async Task Who_asked_for_an_association_goes_on_while_its_reads_stay_on_their_thread()
    {
        using var sockets = await SocketPair.CreateAsync();
        await using var patient = new PromptSocketStream(sockets.Sender, ownsSocket: false, new ShortWaits(places: 1, TimeSpan.FromHours(1)));
        await using var other = new PromptSocketStream(sockets.Receiver, ownsSocket: false);
        await using var pair = await AssociationPair.OpenAsync(Service.Success, DuplexPipes.Of(patient), DuplexPipes.Of(other));
        Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct)).Status);
        await pair.Requestor.ReleaseAsync(Ct);

        // As whoever owns the connection does; the acceptor waits for it.
        sockets.Sender.Shutdown(SocketShutdown.Both);
    }

    [Fact]
    public async Task Negotiation_grants_what_both_sides_named()
    {
        await using var pair = await AssociationPair.OpenAsync(
            Service.Success, Options with { AsynchronousOperations = new(3, 5) }, Options with { AsynchronousOperations = new(0, 2) }, null, PipeOptions.Default);
        Assert.Equal(new AsynchronousOperationsWindow(3, 2), pair.Requestor.Window);
        Assert.Equal(4, pair.Requestor.Contexts.Count);
        Assert.True(pair.Requestor.FindContext(Uids.CTImageStorage)!.RequestorIsScp);
        Assert.False(pair.Requestor.FindContext(Uids.Verification)!.RequestorIsScp);
    }

    [Fact]
    public async Task Responses_come_one_by_one_and_the_final_one_last()
    {
        var service = new Service(async (request, ct) =>
        {
            var key = await request.ReadIdentifierAsync(ct);
            for (var index = 0; index < 200; index++)
            {
                key.Set(Tags.InstanceNumber, index.ToString());
                await request.RespondAsync(DimseStatus.Pending, key, null, ct);
            }

            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var pair = await AssociationPair.OpenAsync(service);
        var responses = new List<DimseResponse>();
        await foreach (var response in pair.Requestor.RequestManyAsync(Find(pair.Requestor), Keys(), Ct))
        {
            responses.Add(response);
        }

        Assert.Equal(201, responses.Count);
        Assert.All(responses[..200], (response, index) => Assert.Equal(index.ToString(), response.Identifier!.GetString(Tags.InstanceNumber)));
        Assert.Null(responses[200].Identifier);
    }

    [Fact]
    public async Task Matches_leave_together_with_the_final_response()
    {
        TaskCompletionSource answered = new(), finish = new();
        var service = new Service(async (request, ct) =>
        {
            await request.RespondWithMatchAsync(DimseStatus.Pending, Keys(), ct);
            await request.RespondWithMatchAsync(DimseStatus.Pending, Keys(), ct);
            answered.SetResult();
            await finish.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        await peer.SendAsync(FindRequest());
        await answered.Task.WaitAsync(ScriptedPeer.Patience, Ct);
        Assert.False(peer.HasHeard);
        finish.SetResult();
        foreach (var status in (ushort[])[DimseStatus.Pending, DimseStatus.Pending, DimseStatus.Success])
        {
            Assert.Equal(status, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status));
        }
    }

    [Fact]
    public async Task Many_matches_do_not_wait_for_the_final_response()
    {
        var finish = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            for (var match = 0; match < 1000; match++)
            {
                await request.RespondWithMatchAsync(DimseStatus.Pending, Keys(), ct);
            }

            await finish.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        await peer.SendAsync(FindRequest());
        Assert.Equal(DimseStatus.Pending, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status));
        finish.SetResult();
        var heard = 1;
        while ((await peer.ReadCommandAsync()).GetUInt16(Tags.Status) == DimseStatus.Pending)
        {
            heard++;
        }

        Assert.Equal(1000, heard);
    }

    [Fact]
    public async Task C_CANCEL_reaches_an_operation_that_never_pauses()
    {
        var service = new Service(async (request, ct) =>
        {
            while (!ct.IsCancellationRequested)
            {
                await request.RespondAsync(DimseStatus.Pending, request.Command, null, CancellationToken.None);
            }

            Assert.True(request.IsCancelRequested);
            await request.RespondAsync(DimseStatus.Cancel, CancellationToken.None);
        });
        await using var pair = await AssociationPair.OpenAsync(service);
        var command = Find(pair.Requestor);
        var count = 0;
        DimseResponse? last = null;
        await foreach (var response in pair.Requestor.RequestManyAsync(command, Keys(), Ct))
        {
            last = response;
            if (++count == 10)
            {
                await pair.Requestor.CancelAsync(command, Ct);
            }
        }

        Assert.Equal(DimseStatus.Cancel, last!.Status);
    }

    [Fact]
    public async Task Who_stops_listening_cancels_and_the_association_lives_on()
    {
        var cancelled = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            while (request.CommandField == CommandField.CFind && !ct.IsCancellationRequested)
            {
                await request.RespondAsync(DimseStatus.Pending, request.Command, null, CancellationToken.None);
            }

            cancelled.TrySetResult();
            await request.RespondAsync(DimseStatus.Success, CancellationToken.None);
        });
        await using var pair = await AssociationPair.OpenAsync(service);
        await foreach (var response in pair.Requestor.RequestManyAsync(Find(pair.Requestor), Keys(), Ct))
        {
            Assert.True(response.IsPending);
            break;
        }

        await cancelled.Task.WaitAsync(ScriptedPeer.Patience, Ct);
        Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct)).Status);
    }

    [Fact]
    public async Task C_GET_stores_on_the_same_association_while_it_runs()
    {
        var content = RandomBytes(300_001 & ~1);
        var received = new List<byte[]>();
        var acceptor = new Service(async (request, ct) =>
        {
            await request.ReadIdentifierAsync(ct);
            var context = request.Association.FindContext(Uids.CTImageStorage)!;
            for (var index = 0; index < 5; index++)
            {
                var store = DimseCommand.Store(context, Uids.CTImageStorage, $"1.2.{index}", DimsePriority.Medium);
                using var stream = new MemoryStream(content);
                Assert.Equal(DimseStatus.Success, (await request.Association.RequestAsync(store, stream, ct)).Status);
                await request.RespondAsync(DimseStatus.Pending, ct);
            }

            await request.RespondAsync(DimseStatus.Success, ct);
        });
        var requestor = new Service(async (request, ct) =>
        {
            received.Add(await ReadAllAsync(request.DataSet, ct));
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var pair = await AssociationPair.OpenAsync(acceptor, Options, Options, requestor, PipeOptions.Default);
        var get = DimseCommand.Get(pair.Requestor.FindContext(Uids.StudyRootQueryRetrieveInformationModelGet)!, DimsePriority.Medium);
        var statuses = new List<ushort>();
        await foreach (var response in pair.Requestor.RequestManyAsync(get, Keys(), Ct))
        {
            statuses.Add(response.Status);
        }

        Assert.Equal([0xFF00, 0xFF00, 0xFF00, 0xFF00, 0xFF00, 0], statuses);
        Assert.Equal(5, received.Count);
        Assert.All(received, bytes => Assert.True(bytes.AsSpan().SequenceEqual(content)));
    }

    [Fact]
    public async Task As_many_operations_as_agreed_are_performed_side_by_side()
    {
        var running = 0;
        var all = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            if (Interlocked.Increment(ref running) == 4)
            {
                all.SetResult();
            }

            await all.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        var options = Options with { AsynchronousOperations = new(4, 1) };
        await using var pair = await AssociationPair.OpenAsync(service, options, options, null, PipeOptions.Default);
        var context = pair.Requestor.Contexts[0];
        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => pair.Requestor.RequestAsync(DimseCommand.Echo(context), Ct).AsTask()));
        Assert.All(responses, response => Assert.Equal(DimseStatus.Success, response.Status));
    }

    [Theory]
    [InlineData(0u, 0)]
    [InlineData(0u, 1000)]
    [InlineData(16384u, 16378)]
    [InlineData(16384u, 16379)]
    [InlineData(16384u, 100_000)]
    [InlineData(8u, 101)]
    [InlineData(131072u, 1_000_000)]
    [InlineData(16384u, 3_000_001)]
    [InlineData(0u, 5_000_000)]
    public async Task A_stream_is_sent_in_PDUs_no_longer_than_the_peer_takes(uint maximum, int length)
    {
        var content = RandomBytes(length);
        var (peer, pipe) = ScriptedPeer.Await();
        await using var scripted = peer;
        var connecting = AssociationRequestor.ConnectAsync(
            pipe, new Peer(null, null), new AssociationParameters("A", "B", AssociationPair.UsualContexts), Options, null, TimeProvider.System,
            NullLogger.Instance, Ct);
        Assert.Equal(1, (await peer.ReadAsync()).Type);
        await peer.SendAsync(Peers.AssociateAccept(AssociationPair.UsualContexts, maximum));
        var association = await connecting;
        using var stream = new SlowStream(content);
        var sending = association.RequestAsync(DimseCommand.Store(association.Contexts[1], Uids.CTImageStorage, "1.2", DimsePriority.Low), stream, Ct);
        var received = new List<byte>();
        var isLast = false;
        while (!isLast)
        {
            var (type, body) = await peer.ReadAsync();
            Assert.Equal(4, type);
            Assert.True(maximum == 0 || body.Length <= maximum);
            Assert.Equal(3, body[4]);
            if ((body[5] & 1) == 0)
            {
                isLast = (body[5] & 2) != 0;
                received.AddRange(body[6..]);
            }
        }

        Assert.True(received.ToArray().AsSpan().SequenceEqual(content));
        var response = Peers.Request((CommandField)0x8001, 0, Uids.CTImageStorage, hasDataSet: false);
        response.SetUInt16(Tags.MessageIDBeingRespondedTo, 1);
        response.SetUInt16(Tags.Status, 0xB000);
        await peer.SendAsync(Peers.Command(3, response));
        Assert.Equal(0xB000, (await sending).Status);
        await peer.CloseAsync();
        await association.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_that_fails_ends_the_association()
    {
        await using var pair = await AssociationPair.OpenAsync(new SinkService());
        var command = DimseCommand.Store(pair.Requestor.Contexts[1], Uids.CTImageStorage, "1.2", DimsePriority.Low);
        await Assert.ThrowsAsync<IOException>(async () => await pair.Requestor.RequestAsync(command, new FailingStream(), Ct));
        await pair.Acceptor.WaitAsync(ScriptedPeer.Patience, Ct);
    }

    [Fact]
    public async Task A_stream_that_fails_while_it_is_prepared_costs_the_association_nothing()
    {
        await using var pair = await AssociationPair.OpenAsync(Service.Success);
        await Assert.ThrowsAsync<IOException>(async () => await pair.Requestor.PrepareAsync(pair.Requestor.Contexts[1], new FailingStream(), Ct));
        Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct)).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    [InlineData(2_500_000)]
    public async Task What_was_prepared_leaves_whole_with_other_messages_in_between(int length)
    {
        var received = new List<byte[]>();
        var service = new Service(async (request, ct) =>
        {
            received.Add(await ReadAllAsync(request.DataSet, ct));
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var pair = await AssociationPair.OpenAsync(service);
        var (content, context) = (RandomBytes(length), pair.Requestor.Contexts[1]);
        using var stream = new SlowStream(content);
        using var prepared = await pair.Requestor.PrepareAsync(context, stream, Ct);
        await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct);
        var command = DimseCommand.Store(context, Uids.CTImageStorage, "1.2", DimsePriority.Low);
        Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(command, prepared, Ct)).Status);
        Assert.True(received[^1].AsSpan().SequenceEqual(content));
    }

    [Fact]
    public async Task Who_awaited_a_response_may_ask_again_and_release_on_the_spot()
    {
        await using var pair = await AssociationPair.OpenAsync(Service.Success);
        var context = pair.Requestor.Contexts[0];
        for (var round = 0; round < 1_000; round++)
        {
            Assert.Equal(DimseStatus.Success, (await pair.Requestor.RequestAsync(DimseCommand.Echo(context), Ct)).Status);
        }

        await pair.Requestor.ReleaseAsync(Ct);
        await Assert.ThrowsAsync<AssociationEndedException>(async () => await pair.Requestor.RequestAsync(DimseCommand.Echo(context), Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_service_that_fails_or_forgets_to_answer_is_answered_for(bool isFailing)
    {
        var service = new Service((_, _) => isFailing ? throw new InvalidOperationException("secret") : default);
        await using var pair = await AssociationPair.OpenAsync(service);
        for (var round = 0; round < 2; round++)
        {
            var command = DimseCommand.Store(pair.Requestor.Contexts[1], Uids.CTImageStorage, "1.2", DimsePriority.Low);
            using var stream = new MemoryStream(new byte[500_000]);
            Assert.Equal(DimseStatus.ProcessingFailure, (await pair.Requestor.RequestAsync(command, stream, Ct)).Status);
        }
    }

    [Fact]
    public async Task Without_a_service_the_requestor_refuses_what_the_peer_invokes()
    {
        ushort? status = null;
        var service = new Service(async (request, ct) =>
        {
            status = (await request.Association.RequestAsync(DimseCommand.Echo(request.Context), ct)).Status;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var pair = await AssociationPair.OpenAsync(service);
        await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct);
        Assert.Equal(DimseStatus.UnrecognizedOperation, status);
    }

    [Fact]
    public async Task A_message_number_in_use_is_a_duplicate_invocation()
    {
        var finish = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            await finish.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        var echo = Peers.Command(1, Peers.Request(CommandField.CEcho, 7, Uids.Verification, hasDataSet: false));
        await peer.SendAsync(echo, echo);
        Assert.Equal(DimseStatus.DuplicateInvocation, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status)!.Value);
        finish.SetResult();
        Assert.Equal(DimseStatus.Success, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status)!.Value);
    }

    [Fact]
    public async Task A_release_waits_for_the_response_of_what_is_performed()
    {
        var finish = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            await finish.Task;
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        await peer.SendAsync(Peers.Command(1, Peers.Request(CommandField.CEcho, 7, Uids.Verification, hasDataSet: false)), Peers.ReleaseRequest());
        finish.SetResult();
        Assert.Equal(4, (await peer.ReadAsync()).Type);
        Assert.Equal(6, (await peer.ReadAsync()).Type);
        await peer.CloseAsync();
        await peer.Run.WaitAsync(ScriptedPeer.Patience, Ct);
    }

    [Fact]
    public async Task A_release_collision_ends_in_order()
    {
        var (peer, pipe) = ScriptedPeer.Await();
        await using var scripted = peer;
        var connecting = AssociationRequestor.ConnectAsync(
            pipe, new Peer(null, null), new AssociationParameters("A", "B", AssociationPair.UsualContexts), Options, null, TimeProvider.System,
            NullLogger.Instance, Ct);
        await peer.ReadAsync();
        await peer.SendAsync(Peers.AssociateAccept(AssociationPair.UsualContexts, 0));
        var association = await connecting;
        var releasing = association.ReleaseAsync(Ct);
        Assert.Equal(5, (await peer.ReadAsync()).Type);
        await peer.SendAsync(Peers.ReleaseRequest());
        Assert.Equal(6, (await peer.ReadAsync()).Type);
        await peer.SendAsync(Peers.ReleaseReply());
        await releasing.WaitAsync(ScriptedPeer.Patience, Ct);
    }

    [Fact]
    public async Task Stopping_lets_what_is_performed_finish_then_aborts()
    {
        var begun = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        var service = new Service(async (request, ct) =>
        {
            begun.SetResult();
            await finish.Task;
            Assert.False(ct.IsCancellationRequested);
            await request.RespondAsync(DimseStatus.Success, ct);
        });
        await using var peer = await ScriptedPeer.OpenAsync(service, Options);
        await peer.SendAsync(Peers.Command(1, Peers.Request(CommandField.CEcho, 7, Uids.Verification, hasDataSet: false)));
        await begun.Task.WaitAsync(ScriptedPeer.Patience, Ct);
        await peer.Stopping.CancelAsync();
        finish.SetResult();
        Assert.Equal(DimseStatus.Success, (await peer.ReadCommandAsync()).GetUInt16(Tags.Status)!.Value);
        await peer.ExpectAbortAsync(AbortSource.ServiceUser, AbortReason.NotSpecified);
    }

    [Fact]
    public async Task Stopping_cancels_what_does_not_finish_within_the_grace()
    {
        var begun = new TaskCompletionSource();
        var service = new Service(async (_, ct) =>
        {
            begun.SetResult();
            await Never.WaitAsync(ct);
        });
        var time = new WaitedTime();
        await using var peer = await ScriptedPeer.OpenAsync(service, Options with { StopGrace = TimeSpan.FromSeconds(7) }, time: time);
        await peer.SendAsync(Peers.Command(1, Peers.Request(CommandField.CEcho, 7, Uids.Verification, hasDataSet: false)));
        await begun.Task.WaitAsync(ScriptedPeer.Patience, Ct);
        await peer.Stopping.CancelAsync();
        await time.UntilWaitedAsync(TimeSpan.FromSeconds(7), Ct);
        time.Advance(TimeSpan.FromSeconds(7));
        await peer.ExpectAbortAsync(AbortSource.ServiceUser, AbortReason.NotSpecified);
    }

    [Fact]
    public async Task A_rejection_is_told_with_its_reason()
    {
        var (peer, pipe) = ScriptedPeer.Await();
        await using var scripted = peer;
        var connecting = AssociationRequestor.ConnectAsync(
            pipe, new Peer(null, null), new AssociationParameters("A", "B", AssociationPair.UsualContexts), Options, null, TimeProvider.System,
            NullLogger.Instance, Ct);
        await peer.ReadAsync();
        await peer.SendAsync(Vectors.Read("upper-layer-pdus.txt", "associate-reject"));
        var rejected = await Assert.ThrowsAsync<AssociationRejectedException>(() => connecting);
        Assert.Equal((RejectResult.Transient, 3, 2), (rejected.Result, rejected.RejectSource, rejected.Reason));
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_the_request_is_given_up()
    {
        var (peer, pipe) = ScriptedPeer.Await();
        await using var scripted = peer;
        var options = Options with { ArtimTimeout = TimeSpan.FromMilliseconds(50) };
        var ended = await Assert.ThrowsAsync<AssociationEndedException>(() => AssociationRequestor.ConnectAsync(
            pipe, new Peer(null, null), new AssociationParameters("A", "B", AssociationPair.UsualContexts), options, null, TimeProvider.System,
            NullLogger.Instance, Ct));
        Assert.Equal(AssociationEnd.TimedOut, ended.End);
    }

    [Fact]
    public async Task A_peer_that_owes_a_response_too_long_is_given_up()
    {
        var service = new Service(async (_, ct) => await Never.WaitAsync(ct));
        var options = Options with { ResponseTimeout = TimeSpan.FromMilliseconds(80) };
        await using var pair = await AssociationPair.OpenAsync(service, Options, options, null, PipeOptions.Default);
        var ended = await Assert.ThrowsAsync<AssociationEndedException>(
            async () => await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), Ct));
        Assert.Equal(AssociationEnd.TimedOut, ended.End);
    }

    internal static async Task<byte[]> ReadAllAsync(PipeReader reader, CancellationToken ct)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all, ct);
        return all.ToArray();
    }

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static DimseCommand Find(Association association) =>
        DimseCommand.Find(association.FindContext(Uids.StudyRootQueryRetrieveInformationModelFind)!, DimsePriority.Medium);

    private static byte[] FindRequest() => Peers.Command(5, Peers.Request(CommandField.CFind, 7, Uids.StudyRootQueryRetrieveInformationModelFind, hasDataSet: false));

    private static DataSet Keys()
    {
        var keys = new DataSet();
        keys.Set(Tags.QueryRetrieveLevel, "STUDY");
        keys.Set(Tags.StudyInstanceUID, "1.2.3");
        return keys;
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class SlowStream(byte[] content) : MemoryStream(content)
    {
        private int reads;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return await base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (++reads * 37 % 5000))], cancellationToken);
        }
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The disk is gone.");
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Storage;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.ServiceClasses.Storage;

public sealed class InstanceSenderTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instances_are_sent_in_order_and_each_status_is_told()
    {
        var receiver = new Receiver { Status = uid => uid == "1.2.2" ? (ushort)0xA700 : (ushort)0 };
        var outcomes = await SendAsync(receiver, [Instance("1.2.1"), Instance("1.2.2"), Instance("1.2.3")]);
        Assert.Equal(["1.2.1", "1.2.2", "1.2.3"], receiver.Received);
        Assert.Equal([(ushort)0, (ushort)0xA700, (ushort)0], outcomes.Select(outcome => outcome.Status!.Value));
    }

    [Fact]
    public async Task The_beginning_of_the_next_instance_is_read_while_the_current_one_is_under_way()
    {
        var read = new TaskCompletionSource();
        var receiver = new Receiver { Before = () => read.Task };
        var second = Instance("1.2.2") with
        {
            Open = accepted => new OutgoingDataSet(new WatchedStream { Reading = () => read.TrySetResult() }, accepted.First()),
        };
        Assert.Equal(2, (await SendAsync(receiver, [Instance("1.2.1"), second])).Count);
    }

    [Fact]
    public async Task What_the_peer_does_not_take_fails_alone()
    {
        var receiver = new Receiver();
        var outcomes = await SendAsync(
            receiver,
            [Instance("1.2.1") with { SopClassUid = Uids.MRImageStorage }, Instance("1.2.2") with { Open = _ => null }, Instance("1.2.3")]);
        Assert.Equal(["1.2.3"], receiver.Received);
        Assert.Equal(["1.2.1", "1.2.2"], outcomes.Where(outcome => outcome.Status is null).Select(outcome => outcome.Instance.SopInstanceUid));
    }

    [Fact]
    public async Task An_instance_that_cannot_be_opened_fails_alone()
    {
        var broken = Instance("1.2.1") with { Open = _ => throw new IOException("no such file") };
        var outcomes = await SendAsync(new Receiver(), [broken, Instance("1.2.2")]);
        Assert.Equal([null, (ushort?)0], outcomes.Select(outcome => outcome.Status));
    }

    [Fact]
    public async Task An_instance_whose_beginning_cannot_be_read_fails_alone_and_is_closed()
    {
        var closed = new List<string>();
        SendableInstance Torn(string uid) => Instance(uid) with
        {
            Open = accepted => new OutgoingDataSet(
                new WatchedStream { Reading = () => throw new IOException("the disk fails"), Closed = () => closed.Add(uid) }, accepted.First()),
        };
        var outcomes = await SendAsync(new Receiver(), [Torn("1.2.1"), Instance("1.2.2"), Torn("1.2.3"), Instance("1.2.4")]);
        Assert.Equal([null, (ushort?)0, null, (ushort?)0], outcomes.OrderBy(outcome => outcome.Instance.SopInstanceUid).Select(outcome => outcome.Status));
        Assert.Equal(["1.2.1", "1.2.3"], closed);
    }

    [Fact]
    public async Task An_instance_that_breaks_off_takes_the_rest_of_the_association_with_it_and_all_are_told()
    {
        var torn = Instance("1.2.1") with
        {
            Open = accepted => new OutgoingDataSet(new WatchedStream(3 << 20) { Reading = () => throw new IOException("the disk fails"), From = 2 << 20 }, accepted.First()),
        };
        var outcomes = await SendAsync(new Receiver(), [torn, Instance("1.2.2"), Instance("1.2.3")]);
        Assert.Equal(["1.2.1", "1.2.2", "1.2.3"], outcomes.Select(outcome => outcome.Instance.SopInstanceUid));
        Assert.All(outcomes, outcome => Assert.Null(outcome.Status));
    }

    [Fact]
    public async Task A_cancelled_sending_stops_between_two_instances()
    {
        var receiver = new Receiver();
        var outcomes = await SendAsync(receiver, [Instance("1.2.1"), Instance("1.2.2"), Instance("1.2.3")], () => receiver.Received.Count >= 1);
        Assert.InRange(outcomes.Count, 1, 2);
    }

    [Fact]
    public async Task What_is_still_on_its_way_is_waited_for_and_what_was_sent_is_told_meanwhile()
    {
        var (arrival, told) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var pair = await AssociationPair.OpenAsync(new Receiver());
        var outcomes = new List<SendOutcome>();
        var late = Instance("1.2.2") with { Arrival = async ct => await arrival.Task.WaitAsync(ct) };
        var sending = new InstanceSender(pair.Requestor, 1, NullLogger.Instance).SendAsync(
            [Instance("1.2.1"), late, Instance("1.2.3")],
            null,
            outcome =>
            {
                outcomes.Add(outcome);
                told.TrySetResult();
            },
            () => false,
            Ct);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Equal("1.2.1", Assert.Single(outcomes).Instance.SopInstanceUid);
        arrival.SetResult();
        await sending;
        Assert.Equal(["1.2.1", "1.2.2", "1.2.3"], outcomes.Select(outcome => outcome.Instance.SopInstanceUid));
        Assert.All(outcomes, outcome => Assert.Equal((ushort)0, outcome.Status));
    }

    [Fact]
    public async Task A_cancelled_sending_does_not_wait_for_what_is_still_on_its_way()
    {
        using var cancel = new CancellationTokenSource();
        var late = Instance("1.2.2") with
        {
            Arrival = async _ =>
            {
                await cancel.CancelAsync();
                await Task.FromCanceled(cancel.Token);
            },
        };
        var outcomes = await SendAsync(new Receiver(), [Instance("1.2.1"), late], () => cancel.IsCancellationRequested);
        Assert.Equal("1.2.1", Assert.Single(outcomes).Instance.SopInstanceUid);
    }

    private static async Task<List<SendOutcome>> SendAsync(Receiver receiver, SendableInstance[] instances, Func<bool>? isCancelled = null)
    {
        await using var pair = await AssociationPair.OpenAsync(receiver);
        var outcomes = new List<SendOutcome>();
        var sender = new InstanceSender(pair.Requestor, 1, NullLogger.Instance);
        await sender.SendAsync(instances, null, outcomes.Add, isCancelled ?? (() => false), Ct);
        return outcomes;
    }

    private static SendableInstance Instance(string sopInstanceUid) => new(
        Uids.CTImageStorage, sopInstanceUid, Uids.ExplicitVRLittleEndian, accepted => new OutgoingDataSet(new MemoryStream(new byte[100]), accepted.First()));

    private sealed class Receiver : IDimseService
    {
        public List<string> Received { get; } = [];

        public Func<string, ushort> Status { get; init; } = _ => 0;

        public Func<Task> Before { get; init; } = () => Task.CompletedTask;

        public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
        {
            await request.DataSet.CopyToAsync(Stream.Null, ct);
            await Before().WaitAsync(TimeSpan.FromSeconds(20), ct);
            Received.Add(request.SopInstanceUid!);
            await request.RespondAsync(Status(request.SopInstanceUid!), ct);
        }
    }

    /// <summary>Tells when it is read beyond a position, and when it is closed.</summary>
    private sealed class WatchedStream(int lengthBytes = 100) : MemoryStream(new byte[lengthBytes])
    {
        public long From { get; init; }

        public Action Reading { get; init; } = () => { };

        public Action Closed { get; init; } = () => { };

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= From)
            {
                Reading();
            }

            return base.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            Closed();
            base.Dispose(disposing);
        }
    }
}

using Microsoft.Extensions.Logging;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>
/// One established association, of either role: reads messages in its own loop while requests are performed and answers written,
/// so that C-CANCEL, sub-operations and responses pass one another.
/// </summary>
public sealed partial class Association : IAsyncDisposable
{
    private static long lastNumber;

    private readonly Lock gate = new();
    private readonly UpperLayerConnection connection;
    private readonly MessageReceiver receiver;
    private readonly IDimseService? service;
    private readonly ILogger logger;
    private readonly TimeProvider time;
    private readonly PresentationContext?[] contextsByNumber = new PresentationContext?[128];
    private readonly bool isRequestor;

    // Not the loop's own task: a peer whose data is always there lets the loop run on within Start, before there is a task.
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task loop = Task.CompletedTask;
    private long messages;

    internal Association(AssociationParts parts)
    {
        Number = parts.Number;
        connection = parts.Connection;
        Options = parts.Options;
        service = parts.Service;
        logger = parts.Logger;
        time = parts.Time;
        isRequestor = parts.IsRequestor;
        CallingAeTitle = parts.CallingAeTitle;
        CalledAeTitle = parts.CalledAeTitle;
        Peer = parts.Peer;
        Contexts = parts.Contexts;
        PeerInformation = parts.PeerInformation;
        ExtendedNegotiation = parts.ExtendedNegotiation;
        Window = parts.Window;
        receiver = new MessageReceiver(connection, Options);
        Sender = new MessageSender(connection, Options.SendPduLengthBytes, PeerInformation.MaximumLengthBytes);
        performing = new Turns(isRequestor ? Window.Performed : Window.Invoked);
        invoking = new Turns(isRequestor ? Window.Invoked : Window.Performed);
        foreach (var context in Contexts)
        {
            contextsByNumber[context.Id >> 1] = context;
        }

        connection.LongestSilence = LongestSilence;
        connection.Ending = CancelPerforming;
    }

    /// <summary>Number of the association in this process; names it in logs.</summary>
    public long Number { get; }

    /// <summary>As the peer wrote it, when it is the requestor: any character that fits in a byte.</summary>
    public string CallingAeTitle { get; }

    /// <inheritdoc cref="CallingAeTitle"/>
    public string CalledAeTitle { get; }

    public Peer Peer { get; }

    /// <summary>The accepted contexts.</summary>
    public IReadOnlyList<PresentationContext> Contexts { get; }

    /// <summary>The user information that the peer sent.</summary>
    public UserInformation PeerInformation { get; }

    /// <summary>Service-class information as accepted.</summary>
    public IReadOnlyList<ExtendedNegotiation> ExtendedNegotiation { get; }

    /// <summary>Outstanding operations as agreed; both numbers are seen from the association's requestor.</summary>
    public AsynchronousOperationsWindow Window { get; }

    public UpperLayerState State => connection.State;

    internal AssociationOptions Options { get; }

    internal MessageSender Sender { get; }

    internal static long NextNumber() => Interlocked.Increment(ref lastNumber);

    /// <summary>The first accepted context of an abstract syntax, or null.</summary>
    public PresentationContext? FindContext(string abstractSyntax) =>
        Contexts.FirstOrDefault(context => context.AbstractSyntax == abstractSyntax);

    /// <summary>The accepted context of an abstract syntax in a transfer syntax, or null.</summary>
    public PresentationContext? FindContext(string abstractSyntax, string transferSyntax) =>
        Contexts.FirstOrDefault(context => context.AbstractSyntax == abstractSyntax && context.TransferSyntax.Uid == transferSyntax);

    /// <summary>Asks the peer to release the association, and waits for its end (PS3.8 §7.2).</summary>
    /// <exception cref="AssociationEndedException">It ended otherwise.</exception>
    public async Task ReleaseAsync(CancellationToken ct)
    {
        var isAsked = false;
        await connection.EnterSendAsync(ct);
        try
        {
            // What is ended is not released any more: the loop aborts it, and no reply would come.
            if (connection.End is null && connection.Apply(UpperLayerEvent.ReleaseRequestPrimitive) == UpperLayerAction.AR1)
            {
                isAsked = true;
                ShortPdus.WriteReleaseRequest(connection.Output);
                connection.ReconsiderSilence();
                await connection.FlushAsync();
            }
        }
        finally
        {
            connection.LeaveSend();
        }

        await ended.Task.WaitAsync(ct);
        if (isAsked && connection.End is { End: not AssociationEnd.Released } end)
        {
            throw UpperLayerConnection.Copy(end);
        }
    }

    /// <summary>Sends A-ABORT and waits for the end (PS3.8 §7.3).</summary>
    public async Task AbortAsync(CancellationToken ct)
    {
        connection.TryEnd(AssociationEnd.AbortedLocally, "This side aborted the association.");
        await ended.Task.WaitAsync(ct);
    }

    /// <summary>Releases the association when nothing is outstanding, aborts it otherwise; returns when it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (State == UpperLayerState.Established && !HasPending)
            {
                await ReleaseAsync(CancellationToken.None);
            }
            else
            {
                await AbortAsync(CancellationToken.None);
            }
        }
        catch (AssociationEndedException)
        {
            // Ended otherwise, which is as good here.
        }
    }

    /// <summary>Begins the loop, which the association owns. Who asked for the association has to go on while a read stays on its thread (<see cref="Transport.ShortWaits"/>).</summary>
    internal void Start() => loop = isRequestor ? Task.Run(RunAsync) : RunAsync();

    /// <summary>Ends with the association, however that ends; never fails.</summary>
    public Task WhenEnded() => ended.Task;

    /// <summary>Ends when all that runs has ended, or when the grace is over.</summary>
    internal void Stop()
    {
        lock (gate)
        {
            isStopping = true;
            stopTimer ??= time.CreateTimer(
                static association => ((Association)association!).EndStopped(), this, Options.StopGrace, Timeout.InfiniteTimeSpan);
            if (performingRequests.Count > 0)
            {
                return;
            }
        }

        EndStopped();
    }

    private async Task RunAsync()
    {
        DimseMetrics.Open.Add(1);
        AssociationEndedException end;
        try
        {
            await ReadAsync();
            end = new AssociationEndedException(AssociationEnd.Released, "The association was released.", inner: null);
        }
        catch (AssociationAbortException violation)
        {
            Log.Violation(logger, Number, violation.Reason, violation.Message);
            end = new AssociationEndedException(AssociationEnd.ProtocolViolation, violation.Message, violation);
        }
        catch (AssociationEndedException reason)
        {
            end = reason;
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, Number);
            end = new AssociationEndedException(AssociationEnd.AbortedLocally, "The association failed.", failure);
        }

        try
        {
            await EndAsync(end);
        }
        finally
        {
            ended.TrySetResult();
        }
    }

    private async Task EndAsync(AssociationEndedException end)
    {
        if (!connection.TryEnd(end))
        {
            end = connection.End!;
        }

        FailPending(end);
        CancelPerforming();
        await connection.AbortAsync(end);
        await WhenPerformed();
        await connection.CloseAsync();
        lock (gate)
        {
            stopTimer?.Dispose();
        }

        connection.Dispose();
        DimseMetrics.Open.Add(-1);
        DimseMetrics.ReceivedBytes.Add(connection.ReceivedBytes);
        DimseMetrics.SentBytes.Add(connection.SentBytes);
        if (end.End != AssociationEnd.Released)
        {
            DimseMetrics.Aborted.Add(1);
        }

        Log.Ended(logger, Number, end.End, messages, connection.ReceivedBytes, connection.SentBytes);
    }

    private async Task ReadAsync()
    {
        var isWithinMessage = false;
        while (true)
        {
            var incoming = await receiver.ReadAsync(isWithinMessage);
            if (incoming.Command is not { } command)
            {
                if (await ReceiveControlAsync(incoming.Header))
                {
                    return;
                }

                continue;
            }

            var context = contextsByNumber[incoming.ContextId >> 1];
            if (context is null || (incoming.ContextId & 1) == 0)
            {
                throw new AssociationAbortException(
                    $"A message came in presentation context {incoming.ContextId}, which is not accepted.", AbortReason.InvalidPduParameterValue);
            }

            var field = command.GetUInt16(Tags.CommandField)!.Value;
            isWithinMessage = field switch
            {
                (ushort)CommandField.CCancel => ReceiveCancel(command),
                _ when (field & CommandFields.ResponseBit) != 0 => await ReceiveResponseAsync(context, command),
                _ => await PerformAsync(context, command),
            };
        }
    }

    // True when the association is over.
    private async ValueTask<bool> ReceiveControlAsync(PduHeader header)
    {
        var body = header.LengthBytes == PduHeader.ShortBodyBytes ? await connection.ReadBodyAsync(header) : default;
        var (_, source, reason) = header.LengthBytes == PduHeader.ShortBodyBytes ? ShortPdus.ReadBody(body) : default;
        if (header.LengthBytes == PduHeader.ShortBodyBytes)
        {
            connection.AdvanceTo(body.End, body.End);
        }

        switch (connection.Receive(header.Type))
        {
            case UpperLayerAction.AA3:
                throw new AssociationEndedException(
                    AssociationEnd.AbortedByPeer, $"The peer aborted (source {source}, reason {reason}).", inner: null);
            case UpperLayerAction.AR2:
                // The table lets this side finish what it performs (AR-7).
                FailPending(new AssociationEndedException(AssociationEnd.Released, "The peer released the association.", inner: null));
                await WhenPerformed();
                await SendReleaseReplyAsync();
                return true;
            case UpperLayerAction.AR8 when isRequestor:
                await SendReleaseReplyAsync();
                return false;
            case UpperLayerAction.AR10:
                await SendReleaseReplyAsync();
                return true;
            case UpperLayerAction.AR3:
                return true;
            default:
                return false;
        }
    }

    private async ValueTask SendReleaseReplyAsync()
    {
        connection.Apply(UpperLayerEvent.ReleaseResponsePrimitive);
        try
        {
            await connection.SendAsync(ShortPdus.WriteReleaseReply);
        }
        catch (AssociationEndedException lost) when (lost.End == AssociationEnd.ConnectionLost)
        {
            // A peer that does not wait for the reply: released all the same.
            return;
        }
    }

    private TimeSpan LongestSilence() => State switch
    {
        UpperLayerState.Established => HasPending
            ? Options.ResponseTimeout
            : isRequestor || HasPerforming ? Timeout.InfiniteTimeSpan : Options.IdleTimeout,
        _ => Options.ArtimTimeout,
    };

    private void EndStopped()
    {
        connection.TryEnd(AssociationEnd.Stopped, "This side is stopping.");
        connection.HurryClose();
    }
}

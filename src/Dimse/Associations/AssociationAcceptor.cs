using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Panal.Dimse;

/// <summary>Serves one accepted connection from its first byte to its close (PS3.8 §9.2, association acceptor).</summary>
public static class AssociationAcceptor
{
    /// <summary>Runs the association of one connection; returns when it has ended, and throws for no fault of the peer.</summary>
    /// <param name="pipe">The connection's bytes; completed at the end.</param>
    /// <param name="peer">What the transport knows of the peer.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="policy">Decides on the request.</param>
    /// <param name="service">Performs what the peer invokes; several at once when the window allows.</param>
    /// <param name="time">The clock of all timers.</param>
    /// <param name="logger">Where the association tells of itself, without patient data.</param>
    /// <param name="ct">Stops gracefully: running requests may finish within the grace, then A-ABORT.</param>
    public static async Task RunAsync(
        IDuplexPipe pipe,
        Peer peer,
        AssociationOptions options,
        IAssociationPolicy policy,
        IDimseService service,
        TimeProvider time,
        ILogger logger,
        CancellationToken ct)
    {
        var isCounted = options.Capacity?.TryEnter() ?? false;
        try
        {
            var connection = new UpperLayerConnection(pipe, isRequestor: false, options, time);
            var isFull = options.Capacity is not null && !isCounted;
            var association = await NegotiateAsync(connection, new Acceptance(peer, options, policy, service, time, logger, isFull), ct);
            if (association is null)
            {
                return;
            }

            association.Start();
            await using (ct.UnsafeRegister(static one => ((Association)one!).Stop(), association))
            {
                await association.WhenEnded();
            }
        }
        finally
        {
            if (isCounted)
            {
                options.Capacity!.Leave();
            }
        }
    }

    // Null when there is no association; then the connection is closed.
    private static async Task<Association?> NegotiateAsync(UpperLayerConnection connection, Acceptance acceptance, CancellationToken ct)
    {
        AssociationEndedException end;
        try
        {
            await using var registration = ct.UnsafeRegister(
                static one => ((UpperLayerConnection)one!).TryEnd(AssociationEnd.Stopped, "This side is stopping."), connection);
            connection.Apply(UpperLayerEvent.TransportIndication);
            if (await acceptance.DecideAsync(connection, ct) is { } association)
            {
                return association;
            }

            // Rejected: in Sta13 for the peer to close.
            connection.TryEnd(AssociationEnd.Released, "The association was rejected.");
            end = connection.End!;
        }
        catch (AssociationAbortException violation)
        {
            end = new AssociationEndedException(AssociationEnd.ProtocolViolation, violation.Message, violation);
        }
        catch (AssociationEndedException ended)
        {
            end = ended;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            end = ct.IsCancellationRequested
                ? new AssociationEndedException(AssociationEnd.Stopped, "This side is stopping.", failure)
                : new AssociationEndedException(AssociationEnd.AbortedLocally, "The association request could not be decided.", failure);
            if (end.End == AssociationEnd.AbortedLocally)
            {
                Log.Failed(acceptance.Logger, failure, 0);
            }
        }

        await using (ct.UnsafeRegister(static one => ((UpperLayerConnection)one!).HurryClose(), connection))
        {
            await CloseAsync(connection, end, acceptance);
        }

        return null;
    }

    private static async Task CloseAsync(UpperLayerConnection connection, AssociationEndedException end, Acceptance acceptance)
    {
        connection.TryEnd(end);
        if (end.End != AssociationEnd.Released)
        {
            Log.NoAssociation(acceptance.Logger, acceptance.Peer.RemoteEndPoint, end.End, end.Message);
            DimseMetrics.Aborted.Add(1);
        }

        await connection.AbortAsync(end);
        await connection.CloseAsync();
        connection.Dispose();
    }
}

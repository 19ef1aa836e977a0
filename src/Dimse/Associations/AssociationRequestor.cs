using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Panal.Dimse;

/// <summary>Opens associations (PS3.8 §9.2, association requestor).</summary>
public static class AssociationRequestor
{
    /// <summary>Opens an association over an open connection; dispose of it to release it.</summary>
    /// <param name="pipe">The connection's bytes; completed when the association ends, also when this throws.</param>
    /// <param name="peer">What the transport knows of the peer.</param>
    /// <param name="parameters">What to ask for.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="service">Performs what the peer invokes (C-STORE of a C-GET, N-EVENT-REPORT); null refuses all.</param>
    /// <param name="time">The clock of all timers.</param>
    /// <param name="logger">Where the association tells of itself, without patient data.</param>
    /// <param name="ct">Gives up waiting for the answer.</param>
    /// <exception cref="AssociationRejectedException">The peer answered A-ASSOCIATE-RJ.</exception>
    /// <exception cref="AssociationEndedException">The peer aborted, broke the protocol, closed, or did not answer in time.</exception>
    public static async Task<Association> ConnectAsync(
        IDuplexPipe pipe,
        Peer peer,
        AssociationParameters parameters,
        AssociationOptions options,
        IDimseService? service,
        TimeProvider time,
        ILogger logger,
        CancellationToken ct)
    {
        var connection = new UpperLayerConnection(pipe, isRequestor: true, options, time);
        Exception problem;
        AssociationEndedException end;
        try
        {
            await using var registration = ct.UnsafeRegister(
                static one => ((UpperLayerConnection)one!).TryEnd(AssociationEnd.AbortedLocally, "The wait for the answer was given up."), connection);
            var reply = await AskAsync(connection, parameters, options);
            return Begin(new Opening(connection, peer, parameters, options, service, time, logger), reply);
        }
        catch (AssociationRejectedException rejected)
        {
            problem = rejected;
            end = new AssociationEndedException(AssociationEnd.Released, rejected.Message, rejected);
        }
        catch (AssociationAbortException violation)
        {
            problem = end = new AssociationEndedException(AssociationEnd.ProtocolViolation, violation.Message, violation);
        }
        catch (AssociationEndedException ended)
        {
            problem = end = ended;
        }

        connection.TryEnd(end);
        await connection.AbortAsync(end);
        await connection.CloseAsync();
        connection.Dispose();
        ct.ThrowIfCancellationRequested();
        throw problem;
    }

    private static async Task<AssociateAcceptPdu> AskAsync(UpperLayerConnection connection, AssociationParameters parameters, AssociationOptions options)
    {
        var request = new AssociateRequestPdu(
            AssociatePdu.ProtocolVersion, parameters.CalledAeTitle, parameters.CallingAeTitle, AssociatePdu.ApplicationContextName, parameters.Contexts,
            new UserInformation
            {
                MaximumLengthBytes = (uint)options.MaximumPduLengthBytes,
                ImplementationClassUid = options.ImplementationClassUid,
                ImplementationVersionName = options.ImplementationVersionName,
                AsynchronousOperations =
                    options.AsynchronousOperations == AsynchronousOperationsWindow.Synchronous ? null : options.AsynchronousOperations,
                Roles = parameters.Roles,
                ExtendedNegotiation = parameters.ExtendedNegotiation,
                CommonExtendedNegotiation = parameters.CommonExtendedNegotiation,
                UserIdentity = parameters.UserIdentity,
            });
        connection.Apply(UpperLayerEvent.AssociateRequestPrimitive);
        connection.Apply(UpperLayerEvent.TransportConfirmed);
        await connection.SendAsync(target => AssociateWriter.WriteRequest(target, request));
        var header = await connection.ReadHeaderAsync(isAfterSilence: true);
        var body = await connection.ReadBodyAsync(header);
        var (result, source, reason) = header.LengthBytes == PduHeader.ShortBodyBytes ? ShortPdus.ReadBody(body) : default;
        var reply = header.Type == PduType.AssociateAccept ? AssociateReader.ReadAccept(body) : null;
        connection.AdvanceTo(body.End, body.End);
        return connection.Receive(header.Type) switch
        {
            UpperLayerAction.AE3 => reply!,
            UpperLayerAction.AE4 => throw new AssociationRejectedException((RejectResult)result, source, reason),
            _ => throw new AssociationEndedException(
                AssociationEnd.AbortedByPeer, $"The peer aborted (source {source}, reason {reason}).", inner: null),
        };
    }

    private static Association Begin(Opening opening, AssociateAcceptPdu reply)
    {
        var (connection, peer, parameters, options, service, time, logger) = opening;
        var roles = ContextNegotiation.Narrow(parameters.Roles, reply.UserInformation.Roles);
        var association = new Association(new AssociationParts(Association.NextNumber(), connection, options, IsRequestor: true)
        {
            Service = service,
            Logger = logger,
            Time = time,
            CallingAeTitle = parameters.CallingAeTitle,
            CalledAeTitle = parameters.CalledAeTitle,
            Peer = peer,
            Contexts = ContextNegotiation.Accepted(parameters.Contexts, reply.Contexts, roles),
            PeerInformation = reply.UserInformation,
            ExtendedNegotiation = reply.UserInformation.ExtendedNegotiation,
            Window = reply.UserInformation.AsynchronousOperations?.Narrow(options.AsynchronousOperations) ?? AsynchronousOperationsWindow.Synchronous,
        });
        DimseMetrics.Associations.Add(1);
        Log.Opened(
            logger, association.Number, AeTitle.Sanitise(parameters.CallingAeTitle), AeTitle.Sanitise(parameters.CalledAeTitle),
            association.Contexts.Count);
        association.Start();
        return association;
    }

    private sealed record Opening(
        UpperLayerConnection Connection, Peer Peer, AssociationParameters Parameters, AssociationOptions Options, IDimseService? Service,
        TimeProvider Time, ILogger Logger);
}

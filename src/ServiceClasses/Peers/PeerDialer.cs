using Microsoft.Extensions.Logging;
using Panal.Dimse;

namespace Panal.ServiceClasses.Peers;

/// <summary>Opens associations to other application entities.</summary>
public sealed class PeerDialer(AssociationOptions association, PeerConnectionOptions connection, TimeProvider time, ILogger<PeerDialer> logger)
{
    /// <summary>Opens an association.</summary>
    /// <param name="peer">Whom to call.</param>
    /// <param name="parameters">What to propose.</param>
    /// <param name="incoming">Who performs what the peer asks for on this association; null when nothing is offered.</param>
    /// <exception cref="PeerUnreachableException">Nobody answers there.</exception>
    /// <exception cref="AssociationRejectedException">The peer does not want us.</exception>
    /// <exception cref="AssociationEndedException">The peer broke off.</exception>
    public async Task<PeerAssociation> OpenAsync(PeerAddress peer, AssociationParameters parameters, IDimseService? incoming, CancellationToken ct)
    {
        var pipe = await PeerConnection.OpenAsync(peer, connection, time, ct);
        try
        {
            var opened = await AssociationRequestor.ConnectAsync(
                pipe, new Peer(pipe.RemoteEndPoint, pipe.Certificate, peer.Tls), parameters, association, incoming, time, logger, ct);
            return new PeerAssociation(opened, pipe);
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }
}

/// <summary>An association that this side opened; disposing it releases it and closes the connection.</summary>
public sealed class PeerAssociation : IAsyncDisposable
{
    private readonly PeerConnection _connection;

    internal PeerAssociation(Association association, PeerConnection connection)
    {
        Association = association;
        _connection = connection;
    }

    public Association Association { get; }

    /// <summary>Returns the accepted context of an abstract syntax.</summary>
    /// <exception cref="ServiceNotAcceptedException">The peer accepted none.</exception>
    public PresentationContext Context(string abstractSyntaxUid) =>
        Association.Contexts.FirstOrDefault(context => context.AbstractSyntax == abstractSyntaxUid) ?? throw new ServiceNotAcceptedException(abstractSyntaxUid);

    public async ValueTask DisposeAsync()
    {
        await Association.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

/// <summary>The peer accepted the association without the service that was wanted.</summary>
public sealed class ServiceNotAcceptedException(string abstractSyntaxUid)
    : Exception($"The peer does not offer {Dicom.Uids.NameOf(abstractSyntaxUid)}")
{
    public string AbstractSyntaxUid { get; } = abstractSyntaxUid;
}

using System.Runtime.CompilerServices;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>An operation that the peer answered with a failure.</summary>
public sealed class OperationFailedException(ushort status, string? comment)
    : Exception($"The peer answered {status:X4}{(comment is null ? "" : $" ({comment})")}")
{
    public ushort Status { get; } = status;
}

/// <summary>Asks another archive what it holds. PS3.4 §C.4.1.</summary>
public sealed class QueryScu(PeerDialer dialer)
{
    /// <summary>Sends C-FIND and returns the matches as they come; C-CANCEL is sent when the reader stops before the end.</summary>
    /// <exception cref="OperationFailedException">The peer refused or failed.</exception>
    public async IAsyncEnumerable<DataSet> FindAsync(
        PeerAddress peer, string callingAeTitle, InformationModel model, DataSet identifier, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var opened = await OpenAsync(peer, callingAeTitle, model, ct);
        await foreach (var match in opened.FindAsync(identifier, ct))
        {
            yield return match;
        }
    }

    /// <summary>Opens an association for several questions, one after the other.</summary>
    public async Task<QueryAssociation> OpenAsync(PeerAddress peer, string callingAeTitle, InformationModel model, CancellationToken ct)
    {
        var sopClassUid = model == InformationModel.PatientRoot
            ? Uids.PatientRootQueryRetrieveInformationModelFind
            : Uids.StudyRootQueryRetrieveInformationModelFind;
        var opened = await dialer.OpenAsync(peer, new AssociationParameters(callingAeTitle, peer.AeTitle, Proposals.ForData(sopClassUid)), null, ct);
        return new QueryAssociation(opened, sopClassUid);
    }
}

/// <summary>An association on which C-FIND is sent.</summary>
public sealed class QueryAssociation : IAsyncDisposable
{
    private readonly PeerAssociation _opened;
    private readonly string _sopClassUid;

    internal QueryAssociation(PeerAssociation opened, string sopClassUid) => (_opened, _sopClassUid) = (opened, sopClassUid);

    /// <summary>Sends C-FIND and returns the matches as they come; C-CANCEL is sent when the reader stops before the end.</summary>
    /// <exception cref="OperationFailedException">The peer refused or failed.</exception>
    public async IAsyncEnumerable<DataSet> FindAsync(DataSet identifier, [EnumeratorCancellation] CancellationToken ct)
    {
        var command = DimseCommand.Find(_opened.Context(_sopClassUid), DimsePriority.Medium);
        await foreach (var response in _opened.Association.RequestManyAsync(command, identifier, ct))
        {
            if (response.IsPending && response.Identifier is { } match)
            {
                yield return match;
            }
            else if (ServiceStatus.KindOf(response.Status) == StatusKind.Failure)
            {
                throw new OperationFailedException(response.Status, response.Command.GetString(Tags.ErrorComment));
            }
        }
    }

    /// <summary>Releases it.</summary>
    public ValueTask DisposeAsync() => _opened.DisposeAsync();
}

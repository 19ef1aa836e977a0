using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>How far a retrieval is, as the peer tells.</summary>
/// <param name="Remaining">Sub-operations to come; null when the peer does not say.</param>
public readonly record struct RetrieveProgress(int? Remaining, int Completed, int Failed, int Warnings, ushort Status)
{
    internal static RetrieveProgress Of(DimseResponse response) => new(
        response.Command.GetUInt16(Tags.NumberOfRemainingSuboperations),
        response.Command.GetUInt16(Tags.NumberOfCompletedSuboperations) ?? 0,
        response.Command.GetUInt16(Tags.NumberOfFailedSuboperations) ?? 0,
        response.Command.GetUInt16(Tags.NumberOfWarningSuboperations) ?? 0,
        response.Status);
}

/// <summary>Asks another archive to send instances, to a third party (C-MOVE) or to us (C-GET). PS3.4 §C.4.2 and C.4.3.</summary>
public sealed class RetrieveScu(PeerDialer dialer)
{
    // C-GET has 128 contexts in all, one of them its own; the retired storage classes are the ones to leave out.
    private const int MaximumStorageClasses = 127;

    private static readonly string[] StorageClasses =
        [.. Storage.StorageTable.Service.SopClasses.OrderBy(one => Uids.TryFind(one.Uid, out var entry) && entry!.IsRetired).Select(one => one.Uid)];

    /// <summary>Sends C-MOVE and returns the final counters.</summary>
    /// <exception cref="OperationFailedException">The peer refused or failed.</exception>
    public async Task<RetrieveProgress> MoveAsync(
        PeerAddress peer, string callingAeTitle, string destinationAeTitle, InformationModel model, DataSet identifier, Action<RetrieveProgress> report, CancellationToken ct)
    {
        var sopClassUid = model == InformationModel.PatientRoot
            ? Uids.PatientRootQueryRetrieveInformationModelMove
            : Uids.StudyRootQueryRetrieveInformationModelMove;
        await using var opened = await dialer.OpenAsync(peer, new AssociationParameters(callingAeTitle, peer.AeTitle, Proposals.ForData(sopClassUid)), null, ct);
        return await RunAsync(opened, DimseCommand.Move(opened.Context(sopClassUid), DimsePriority.Medium, destinationAeTitle), identifier, report, ct);
    }

    /// <summary>Sends C-GET and returns the final counters.</summary>
    /// <param name="peer">The archive.</param>
    /// <param name="callingAeTitle">Our AE title.</param>
    /// <param name="model">Which information model the identifier follows.</param>
    /// <param name="identifier">What is wanted.</param>
    /// <param name="sopClassUids">The storage classes that will come; those that come without being named fail. Empty proposes the usual ones.</param>
    /// <param name="receiver">Takes the C-STORE sub-operations.</param>
    /// <param name="report">Told of the progress.</param>
    /// <param name="ct">Breaks off.</param>
    /// <exception cref="OperationFailedException">The peer refused or failed.</exception>
    public async Task<RetrieveProgress> GetAsync(
        PeerAddress peer,
        string callingAeTitle,
        InformationModel model,
        DataSet identifier,
        IReadOnlyCollection<string> sopClassUids,
        IDimseService receiver,
        Action<RetrieveProgress> report,
        CancellationToken ct)
    {
        var sopClassUid = model == InformationModel.PatientRoot
            ? Uids.PatientRootQueryRetrieveInformationModelGet
            : Uids.StudyRootQueryRetrieveInformationModelGet;
        string[] wanted = [.. sopClassUids.Concat(sopClassUids.Count == 0 ? StorageClasses : []).Distinct().Take(MaximumStorageClasses)];
        var parameters = new AssociationParameters(callingAeTitle, peer.AeTitle, [.. Proposals.ForData(sopClassUid), .. Proposals.ForReceiving(wanted, firstIndex: 1)])
        {
            Roles = [.. wanted.Select(uid => new RoleSelection(uid, Scu: false, Scp: true))],
        };
        await using var opened = await dialer.OpenAsync(peer, parameters, receiver, ct);
        return await RunAsync(opened, DimseCommand.Get(opened.Context(sopClassUid), DimsePriority.Medium), identifier, report, ct);
    }

    private static async Task<RetrieveProgress> RunAsync(
        PeerAssociation opened, DimseCommand command, DataSet identifier, Action<RetrieveProgress> report, CancellationToken ct)
    {
        var last = default(RetrieveProgress);
        await foreach (var response in opened.Association.RequestManyAsync(command, identifier, ct))
        {
            last = RetrieveProgress.Of(response);
            report(last);
            if (ServiceStatus.KindOf(response.Status) == StatusKind.Failure)
            {
                throw new OperationFailedException(response.Status, response.Command.GetString(Tags.ErrorComment));
            }
        }

        return last;
    }
}

using System.Runtime.CompilerServices;
using Panal.Archive.Commitment;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;

namespace Panal.ServiceClasses.Peers;

/// <summary>Asks archives that are no nodes by the SCUs of this room; what goes wrong there becomes one kind of exception.</summary>
public sealed class ForeignArchives(
    QueryScu queries, RetrieveScu retrievals, StorageScu storage, StorageCommitmentScu commitment, RetrievedStorage receiver, ServiceClassOptions options)
    : IForeignArchives
{
    /// <inheritdoc/>
    public async ValueTask<IForeignQueries> OpenQueriesAsync(ForeignAddress archive, CancellationToken ct)
    {
        try
        {
            return new Queries(await queries.OpenAsync(AddressOf(archive), options.AETitle, InformationModel.StudyRoot, ct));
        }
        catch (Exception fault) when (IsToBeTold(fault))
        {
            throw Told(fault);
        }
    }

    /// <inheritdoc/>
    public async Task<int> RetrieveAsync(
        ForeignAddress archive, ForeignRetrieval how, DataSet identifier, IReadOnlyCollection<string> sopClassUids, CancellationToken ct)
    {
        try
        {
            var progress = how == ForeignRetrieval.Move
                ? await retrievals.MoveAsync(AddressOf(archive), options.AETitle, options.AETitle, InformationModel.StudyRoot, identifier, static _ => { }, ct)
                : await retrievals.GetAsync(
                    AddressOf(archive), options.AETitle, InformationModel.StudyRoot, identifier, sopClassUids, receiver, static _ => { }, ct);
            return progress.Failed;
        }
        catch (Exception fault) when (IsToBeTold(fault))
        {
            throw Told(fault);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ForwardOutcome>> SendAsync(
        ForeignAddress archive,
        IReadOnlyList<InstanceReference> instances,
        Func<InstanceReference, IReadOnlyCollection<string>, OpenOutcome> open,
        CancellationToken ct)
    {
        var references = instances.ToDictionary(static one => one.SopInstanceUid, StringComparer.Ordinal);
        var outcomes = new List<ForwardOutcome>(instances.Count);
        var sendable = instances.Select(instance => new SendableInstance(
            instance.SopClassUid, instance.SopInstanceUid, instance.TransferSyntaxUid,
            accepted => open(instance, accepted) switch
            {
                { Instance: { } outgoing } => new OutgoingDataSet(outgoing.DataSet, outgoing.TransferSyntax.Uid),
                { Result: OpenResult.NoCommonTransferSyntax } => null,
                { Result: var result } => throw new IOException($"The instance cannot be sent: {result}"),
            })).ToList();
        await storage.SendAsync(
            AddressOf(archive), options.AETitle, sendable, null,
            outcome => outcomes.Add(new ForwardOutcome(
                references[outcome.Instance.SopInstanceUid],
                outcome.Status is { } status && Tables.ServiceStatus.KindOf(status) is Tables.StatusKind.Success or Tables.StatusKind.Warning,
                outcome.Problem ?? (outcome.Status is { } code ? $"The archive answered {code:X4}" : "It was not sent"))),
            static () => false, ct);
        return outcomes;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<InstanceReference>?> CommitAsync(
        ForeignAddress archive, IReadOnlyList<InstanceReference> instances, TimeSpan patience, CancellationToken ct)
    {
        try
        {
            var result = await commitment.RequestAsync(
                AddressOf(archive), options.AETitle, [.. instances.Select(static one => new ReferencedInstance(one.SopClassUid, one.SopInstanceUid))], patience, ct);
            var failed = result.Failed.Select(static one => one.SopInstanceUid).ToHashSet(StringComparer.Ordinal);
            return [.. instances.Where(one => failed.Contains(one.SopInstanceUid))];
        }
        catch (ServiceNotAcceptedException)
        {
            return null;
        }
        catch (Exception fault) when (IsToBeTold(fault))
        {
            throw Told(fault);
        }
    }

    private static PeerAddress AddressOf(ForeignAddress archive) => new(archive.AeTitle, archive.Host, archive.Port, archive.Tls);

    private static bool IsRefusal(Exception fault) =>
        fault is OperationFailedException or CommitmentRefusedException or ServiceNotAcceptedException or AssociationRejectedException;

    private static bool IsToBeTold(Exception fault) =>
        IsRefusal(fault) || fault is AssociationEndedException or TimeoutException or DicomFormatException or IOException;

    private static ForeignArchiveException Told(Exception fault) => new(fault.Message, IsRefusal(fault), fault);

    private sealed class Queries(QueryAssociation association) : IForeignQueries
    {
        public async IAsyncEnumerable<DataSet> FindAsync(DataSet identifier, [EnumeratorCancellation] CancellationToken ct)
        {
            await using var matches = association.FindAsync(identifier, ct).GetAsyncEnumerator(ct);
            while (await NextAsync(matches))
            {
                yield return matches.Current;
            }
        }

        public ValueTask DisposeAsync() => association.DisposeAsync();

        // A method with yield cannot catch.
        private static async ValueTask<bool> NextAsync(IAsyncEnumerator<DataSet> matches)
        {
            try
            {
                return await matches.MoveNextAsync();
            }
            catch (Exception fault) when (IsToBeTold(fault))
            {
                throw Told(fault);
            }
        }
    }
}

using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Retrieve;

/// <summary>Finds the instances that a retrieval names, and opens them in a transfer syntax that the receiver takes.</summary>
public sealed class Retriever
{
    /// <summary>What an uncompressed data set can become, the best first: explicit VR keeps private elements readable.</summary>
    private static readonly TransferSyntax[] Uncompressed =
        [TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ImplicitVrLittleEndian, TransferSyntax.DeflatedExplicitVrLittleEndian, TransferSyntax.ExplicitVrBigEndian];

    private readonly CatalogueDatabase _catalogue;
    private readonly VolumeStore _volumes;
    private readonly IRemoteCopies? _remote;

    /// <param name="catalogue">The rows.</param>
    /// <param name="volumes">The bytes.</param>
    /// <param name="remote">Brings what only other nodes hold; null for a node without a network.</param>
    public Retriever(CatalogueDatabase catalogue, VolumeStore volumes, IRemoteCopies? remote = null)
    {
        _catalogue = catalogue;
        _volumes = volumes;
        _remote = remote;
    }

    /// <summary>The instances that a retrieval names, in display order.</summary>
    /// <exception cref="SearchRefusedException">The identifier has no level, or no unique key at its level.</exception>
    public IReadOnlyList<InstanceReference> Locate(RetrieveRequest request, CancellationToken ct)
    {
        var level = Identifier.LevelOf(request.Identifier, request.Model);
        var key = Identifier.UniqueKeyOf(level);
        if (Values(request, level, level).Length == 0)
        {
            throw Identifier.Refused($"Unique key {key} is absent");
        }

        var patient = Values(request, QueryLevel.Patient, level);
        if (patient.Length > 1)
        {
            throw Identifier.Refused($"Unique key {Tags.PatientID} needs one value");
        }

        var keys = new RetrieveKeys
        {
            PatientId = patient.FirstOrDefault(),
            IssuerOfPatientId = patient.Length > 0 && request.Identifier.GetString(Tags.IssuerOfPatientID) is { Length: > 0 } issuer ? issuer : null,
            StudyInstanceUids = Values(request, QueryLevel.Study, level),
            SeriesInstanceUids = Values(request, QueryLevel.Series, level),
            SopInstanceUids = Values(request, QueryLevel.Image, level),
        };
        return [.. _catalogue.Locate(keys, ct).Select(Reference)];
    }

    /// <summary>Waits until an instance is here, if only other nodes held it when it was located; false when it does not come.</summary>
    public ValueTask<bool> BringAsync(InstanceReference instance, CancellationToken ct) =>
        HeldCopy(instance) is not null ? ValueTask.FromResult(true) : _remote?.BringAsync(instance, ct) ?? ValueTask.FromResult(false);

    /// <summary>Opens an instance as stored if the receiver takes that, else converted between uncompressed syntaxes.</summary>
    /// <param name="instance">Which one.</param>
    /// <param name="acceptedTransferSyntaxUids">What the receiver takes.</param>
    /// <exception cref="ObjectMissingException">The bytes are not where the catalogue says.</exception>
    public OpenOutcome Open(InstanceReference instance, IReadOnlyCollection<string> acceptedTransferSyntaxUids)
    {
        if (HeldCopy(instance) is not { } copy)
        {
            var holders = _catalogue.HoldersOfInstance(instance.SopInstanceUid);
            return new OpenOutcome(holders.Count > 0 ? OpenResult.HeldElsewhere : OpenResult.NotFound, null, holders);
        }

        var stored = TransferSyntax.ForUid(instance.TransferSyntaxUid);
        var target = acceptedTransferSyntaxUids.Contains(stored.Uid) ? stored : ConversionTarget(stored, acceptedTransferSyntaxUids);
        if (target is null)
        {
            return new OpenOutcome(OpenResult.NoCommonTransferSyntax, null, []);
        }

        var file = _volumes.Open(new VolumeId(copy.VolumeId), copy.Path);
        file.Position = copy.DataSetOffsetBytes;
        var outgoing = target == stored
            ? new OutgoingInstance(file, copy.LengthBytes - copy.DataSetOffsetBytes, stored)
            : new OutgoingInstance(new ConvertingStream(file, stored, target), null, target);
        return new OpenOutcome(OpenResult.Opened, outgoing, []);
    }

    // What was elsewhere when it was located may have come since.
    private CopyRecord? HeldCopy(InstanceReference instance) => instance.Copy ?? _catalogue.FindInstance(instance.SopInstanceUid)?.Copy;

    private static TransferSyntax? ConversionTarget(TransferSyntax stored, IReadOnlyCollection<string> accepted) =>
        stored.IsEncapsulated ? null : Array.Find(Uncompressed, syntax => accepted.Contains(syntax.Uid));

    /// <summary>The values of the unique key of a level that is not below the level of the request.</summary>
    private static string[] Values(RetrieveRequest request, QueryLevel of, QueryLevel level) =>
        of > level ? [] : [.. request.Identifier.GetStrings(Identifier.UniqueKeyOf(of)).Where(value => value.Length > 0)];

    private static InstanceReference Reference(InstanceRow row) =>
        new(row.SopClassUid, row.SopInstanceUid, row.TransferSyntaxUid, row.StudyInstanceUid, row.PatientId, row.Copy);
}

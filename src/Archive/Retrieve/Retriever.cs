using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Transcoding;
using Panal.Volumes;

namespace Panal.Archive.Retrieve;

/// <summary>Finds the instances that a retrieval names, and opens them in a transfer syntax that the receiver takes.</summary>
public sealed class Retriever
{
    private readonly CatalogueDatabase _catalogue;
    private readonly VolumeStore _volumes;
    private readonly IRemoteCopies? _remote;
    private readonly IUseWitness? _uses;

    /// <param name="catalogue">The rows.</param>
    /// <param name="volumes">The bytes.</param>
    /// <param name="remote">Brings what only other nodes hold; null for a node without a network.</param>
    /// <param name="uses">Hears what is given out; null if nobody cares.</param>
    public Retriever(CatalogueDatabase catalogue, VolumeStore volumes, IRemoteCopies? remote = null, IUseWitness? uses = null)
    {
        _catalogue = catalogue;
        _volumes = volumes;
        _remote = remote;
        _uses = uses;
    }

    /// <summary>UIDs of what a compressed image can be given as, without loss, to a receiver that does not take what is stored; the preferred first.</summary>
    public static IReadOnlyList<string> LosslessTransferSyntaxUids { get; } = [.. Transcoder.Lossless.Select(syntax => syntax.Uid)];

    /// <summary>Whether images in a compressed transfer syntax can be given in another one.</summary>
    public static bool IsTranscoded(string transferSyntaxUid) => Transcoder.Decoded.Any(syntax => syntax.Uid == transferSyntaxUid);

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
        return LocateKeys(keys, ct);
    }

    /// <summary>The instances of a series, in display order; none when it is unknown.</summary>
    internal IReadOnlyList<InstanceReference> LocateSeries(SeriesName series, CancellationToken ct) =>
        LocateKeys(new RetrieveKeys { StudyInstanceUids = [series.StudyInstanceUid], SeriesInstanceUids = [series.SeriesInstanceUid] }, ct);

    private InstanceReference[] LocateKeys(RetrieveKeys keys, CancellationToken ct)
    {
        var corrections = new Dictionary<string, StudyCorrection?>(StringComparer.Ordinal);
        return [.. _catalogue.Locate(keys, ct).Select(row => Reference(row, CorrectionOf(row.StudyInstanceUid, corrections)))];
    }

    /// <summary>Waits until an instance is here, if only other nodes held it when it was located; false when it does not come.</summary>
    public ValueTask<bool> BringAsync(InstanceReference instance, CancellationToken ct) =>
        Current(instance).Copy is not null ? ValueTask.FromResult(true) : _remote?.BringAsync(instance, ct) ?? ValueTask.FromResult(false);

    /// <summary>
    /// Waits until an instance can be looked at: whole if it is here, else with as much of it as has come, else whole when it has come. What is looked
    /// at is brought to its end all the same.
    /// </summary>
    /// <returns>The instance with its copy or with <see cref="InstanceReference.Preview"/>; null when it does not come.</returns>
    public async ValueTask<InstanceReference?> PreviewAsync(InstanceReference instance, CancellationToken ct)
    {
        if (_remote is null || Refresh(instance) is not null)
        {
            return Refresh(instance);
        }

        if (ImagePreview.Of(await _remote.BringStagesAsync(instance, ct)) is { } preview)
        {
            return instance with { Preview = preview };
        }

        return await BringAsync(instance, ct) ? Refresh(instance) : null;
    }

    /// <summary>The reference of an instance with the copy that has come since it was located; null when it is not here.</summary>
    public InstanceReference? Refresh(InstanceReference instance) => Current(instance) is { Copy: not null } current ? current : null;

    /// <summary>
    /// Opens an instance as stored if the receiver takes that; else in the best syntax that it takes: what is compressed rather
    /// without loss than uncompressed, what is not compressed rather uncompressed.
    /// </summary>
    /// <param name="instance">Which one.</param>
    /// <param name="acceptedTransferSyntaxUids">What the receiver takes.</param>
    /// <exception cref="ObjectMissingException">The bytes are not where the catalogue says.</exception>
    public OpenOutcome Open(InstanceReference instance, IReadOnlyCollection<string> acceptedTransferSyntaxUids)
    {
        if (OpenHeld(instance) is not var (copy, file))
        {
            var holders = _catalogue.HoldersOfInstance(instance.SopInstanceUid);
            var isElsewhere = holders.Count > 0 || _catalogue.OffersOfInstance(instance.SopInstanceUid).Count > 0;
            return new OpenOutcome(isElsewhere ? OpenResult.HeldElsewhere : OpenResult.NotFound, null, holders);
        }

        var stored = TransferSyntax.ForUid(Current(instance).TransferSyntaxUid);
        if (acceptedTransferSyntaxUids.Contains(stored.Uid))
        {
            (file as ObjectReader)?.ReadAhead();
            Stream corrected = Corrected(instance, file, copy.DataSetOffsetBytes, stored);
            corrected.Position = copy.DataSetOffsetBytes;
            return Opened(new OutgoingInstance(corrected, corrected.Length - copy.DataSetOffsetBytes, stored));
        }

        file.Dispose();
        foreach (var target in Transcoder.Choices(stored, acceptedTransferSyntaxUids))
        {
            try
            {
                return Opened(copy.Compact is { } compact && compact.TransferSyntaxUid == target.Uid
                    ? OpenCompact(instance, copy, compact, target)
                    : new OutgoingInstance(Transcoder.Open(OpenDataSet(instance, copy, stored), stored, target, ImageLimits.Default), null, target));
            }
            catch (ImageException)
            {
                // What one codec cannot take another may, such as samples of 32 bits; that none could is told below.
            }
        }

        return new OpenOutcome(OpenResult.NoCommonTransferSyntax, null, []);
    }

    /// <summary>
    /// Opens the file as it was received, or the preview of the reference, file meta information and all, but for what corrections of its study replace; null when it is not here.
    /// </summary>
    /// <exception cref="ObjectMissingException">The bytes are not where the catalogue says.</exception>
    public StoredFile? OpenFile(InstanceReference instance) => OpenFile(instance, _uses);

    /// <summary>The same for the archive itself, which is no use of the study.</summary>
    internal StoredFile? OpenUnused(InstanceReference instance) => OpenFile(instance, null);

    private StoredFile? OpenFile(InstanceReference instance, IUseWitness? uses)
    {
        if (instance.Preview is { } preview)
        {
            return CorrectedWhole(instance, preview.File.Open(), preview.File.DataSetOffsetBytes, TransferSyntax.ExplicitVrLittleEndian);
        }

        return OpenHeld(instance, uses) is var (copy, file)
            ? CorrectedWhole(instance, file, copy.DataSetOffsetBytes, TransferSyntax.ForUid(Current(instance).TransferSyntaxUid))
            : null;
    }

    /// <summary>Opens the file exactly as it was received, without corrections, with the copy whose hash and length are its own; null when it is not here.</summary>
    /// <remarks>Since it was located a copy may have been let go, have come again under another path, or have been made compact.</remarks>
    /// <exception cref="ObjectMissingException">The bytes are not where the catalogue says.</exception>
    internal (CopyRecord Copy, Stream File)? OpenHeld(InstanceReference instance) => OpenHeld(instance, _uses);

    private (CopyRecord Copy, Stream File)? OpenHeld(InstanceReference instance, IUseWitness? uses)
    {
        if (Current(instance).Copy is not { } copy)
        {
            return null;
        }

        Stream file;
        try
        {
            file = _volumes.OpenReceived(copy);
        }
        catch (ObjectMissingException) when (_catalogue.FindInstance(instance.SopInstanceUid)?.Copy is var current && current?.Path != copy.Path)
        {
            if (current is null)
            {
                return null;
            }

            (copy, file) = (current, _volumes.OpenReceived(current));
        }

        uses?.Used(instance.StudyInstanceUid, copy.LengthBytes, wasHere: instance.Copy is not null);
        return (copy, file);
    }

    private static OpenOutcome Opened(OutgoingInstance instance) => new(OpenResult.Opened, instance, []);

    private Stream OpenDataSet(InstanceReference instance, CopyRecord copy, TransferSyntax stored)
    {
        var file = Corrected(instance, _volumes.OpenReceived(copy), copy.DataSetOffsetBytes, stored);
        file.Position = copy.DataSetOffsetBytes;
        return file;
    }

    private OutgoingInstance OpenCompact(InstanceReference instance, CopyRecord copy, CompactFile compact, TransferSyntax syntax)
    {
        var file = Corrected(instance, _volumes.Open(new VolumeId(copy.VolumeId), copy.Path), compact.DataSetOffsetBytes, syntax);
        file.Position = compact.DataSetOffsetBytes;
        return new OutgoingInstance(file, file.Length - compact.DataSetOffsetBytes, syntax);
    }

    private static StoredFile CorrectedWhole(InstanceReference instance, Stream file, long dataSetOffset, TransferSyntax syntax)
    {
        Stream corrected = Corrected(instance, file, dataSetOffset, syntax);
        corrected.Position = 0;
        return new StoredFile(corrected, corrected.Length, dataSetOffset, syntax);
    }

    /// <summary>What leaves of a file, which it owns.</summary>
    private static Stream Corrected(InstanceReference instance, Stream file, long dataSetOffset, TransferSyntax syntax)
    {
        try
        {
            return instance.Correction is { } correction ? CorrectedFile.Open(file, dataSetOffset, syntax, correction) : file;
        }
        catch (DicomFormatException e)
        {
            file.Dispose();
            throw new IOException("A stored instance whose study was corrected is damaged.", e);
        }
    }

    private StudyCorrection? CorrectionOf(string study, Dictionary<string, StudyCorrection?> known)
    {
        if (!known.TryGetValue(study, out var correction))
        {
            known[study] = correction = _catalogue.CorrectionOf(study);
        }

        return correction;
    }

    /// <summary>The instance as it is now: what was elsewhere when it was located may have come since, and in another transfer syntax than was said.</summary>
    public InstanceReference Current(InstanceReference instance) =>
        instance.Copy is null && _catalogue.FindInstance(instance.SopInstanceUid) is { Copy: not null } row
            ? Reference(row, _catalogue.CorrectionOf(row.StudyInstanceUid))
            : instance;

    /// <summary>The instance with the content that other nodes hold of it and that the catalogue tells of; itself when it is here.</summary>
    internal InstanceReference Described(InstanceReference instance) => instance.IsHeldHere
        ? instance
        : instance with { HashElsewhere = _catalogue.HoldersOfInstance(instance.SopInstanceUid).FirstOrDefault(static holder => holder.IsShown)?.Hash ?? default };

    /// <summary>The values of the unique key of a level that is not below the level of the request.</summary>
    private static string[] Values(RetrieveRequest request, QueryLevel of, QueryLevel level) =>
        of > level ? [] : [.. request.Identifier.GetStrings(Identifier.UniqueKeyOf(of)).Where(value => value.Length > 0)];

    private static InstanceReference Reference(InstanceRow row, StudyCorrection? correction) =>
        new(row.SopClassUid, row.SopInstanceUid, row.TransferSyntaxUid, row.StudyInstanceUid, row.PatientId, row.Copy)
        {
            SeriesInstanceUid = row.SeriesInstanceUid,
            Correction = correction,
        };
}

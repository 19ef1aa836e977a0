using System.IO.Pipelines;
using Panal.Archive.Fixity;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Conflicts;

/// <summary>What became of the choice of a content.</summary>
public enum ContentChoice
{
    /// <summary>The archive answers with the later content from now on; what came first is kept as a version.</summary>
    Chosen,

    /// <summary>The later content is not kept here, or the conflict is resolved.</summary>
    NotKept,

    /// <summary>The later content names another study or series.</summary>
    OfOtherSeries,

    /// <summary>The bytes of the later content cannot be read back as they were stored.</summary>
    Unreadable,
}

/// <summary>Lets the archive answer with another of the contents that are kept under one SOP Instance UID. No content is lost by it.</summary>
public sealed class ContentChooser(CatalogueDatabase catalogue, VolumeStore volumes)
{
    /// <summary>Makes the later content of an open conflict what the archive answers with, after its bytes were read back.</summary>
    /// <param name="conflict">A conflict of the kind <see cref="ConflictKind.OtherContent"/>.</param>
    /// <param name="ct">Stops the reading; nothing is changed then.</param>
    public async ValueTask<ContentChoice> ChooseLaterAsync(Conflict conflict, CancellationToken ct)
    {
        var copies = catalogue.FindInstance(conflict.Subject)?.Copies ?? [];
        if (conflict is not { Kind: ConflictKind.OtherContent, Version: > 0 } || copies.FirstOrDefault(copy => copy.Version == conflict.Version) is not { } copy)
        {
            return ContentChoice.NotKept;
        }

        if (await volumes.VerifyAsync(catalogue, conflict.Subject, copy, ct) != VerifyOutcome.Verified || await DescribeAsync(conflict, copy, ct) is not { } version)
        {
            return ContentChoice.Unreadable;
        }

        return await catalogue.ChooseVersionAsync(conflict.Id, version, ct) switch
        {
            VersionChoice.Chosen => ContentChoice.Chosen,
            VersionChoice.OfOtherSeries => ContentChoice.OfOtherSeries,
            _ => ContentChoice.NotKept,
        };
    }

    /// <summary>Describes a version as its file does; null when the file is none that could have been taken in.</summary>
    private async ValueTask<InstanceRecord?> DescribeAsync(Conflict conflict, CopyRecord copy, CancellationToken ct)
    {
        try
        {
            await using var file = volumes.OpenReceived(copy);
            var reader = PipeReader.Create(file);
            if (await FileIdentity.ReadAsync(reader, ct) is not { } identity || identity.SopInstanceUid != conflict.Subject)
            {
                return null;
            }

            var attributes = await Ingester.ReadAttributesAsync(reader, identity.TransferSyntax, ct);
            NonPatientObjects.Adopt(attributes, identity.SopClassUid);
            return new InstanceRecord(
                attributes, identity.SopInstanceUid, identity.SopClassUid, identity.TransferSyntax.Uid, conflict.SourceAeTitle, conflict.DetectedAt, copy);
        }
        catch (Exception e) when (e is IOException or DicomFormatException or ObjectMissingException)
        {
            return null;
        }
    }
}

using System.Buffers;
using System.Security.Cryptography;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Writing;

/// <summary>Records what two sources say differently; the first one wins.</summary>
internal sealed class ConflictWriter(Connection connection, CatalogueOptions options, ChangeWriter feed) : IDisposable
{
    private readonly Statement _insert = connection.Prepare(
        """
        INSERT INTO conflict (kind, subject, fingerprint, instance, source, detected_at, decision, version, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (kind, subject, fingerprint) DO NOTHING
        """);

    private readonly Statement _count = connection.Prepare("SELECT count(*) FROM conflict WHERE kind = ?1 AND subject = ?2");

    private readonly Statement _find = connection.Prepare("SELECT id, version FROM conflict WHERE kind = ?1 AND subject = ?2 AND fingerprint = ?3");

    private readonly Statement _decide = connection.Prepare("UPDATE conflict SET decision = ?2, version = ?3 WHERE id = ?1");

    private readonly Statement _choose = connection.Prepare(
        $"""
        UPDATE conflict SET decision = {(long)ConflictDecision.ChoseLater}, resolved_at = ?4
        WHERE id = ?1 AND subject = ?2 AND fingerprint = ?3 AND kind = {(long)ConflictKind.OtherContent} AND resolved_at IS NULL
        """);

    private readonly Statement _want = connection.Prepare(
        $"""
        UPDATE conflict SET decision = {(long)ConflictDecision.Wanted}
        WHERE id = ?1 AND kind = {(long)ConflictKind.OtherContent} AND version IS NULL AND resolved_at IS NULL
        """);

    private readonly Statement _resolve = connection.Prepare("UPDATE conflict SET resolved_at = ?2 WHERE id = ?1 AND resolved_at IS NULL");

    /// <summary>Compares the parents that an instance names with the rows it was put under.</summary>
    internal void Compare(InstanceRecord record, EncodedAttributes attributes, EncodedAttributes rows, long now) =>
        Compare(record, attributes, rows, ConflictDecision.KeptFirst, record.SourceAeTitle, now);

    /// <summary>Compares what another node said of the parents of an instance with what is shown instead, as the instance says it.</summary>
    /// <param name="node">Identity of the other node.</param>
    internal void CompareTakenOver(InstanceRecord record, EncodedAttributes before, string node, long now) =>
        Compare(record, before, record.Encoded, ConflictDecision.TookOver, node, now);

    private void Compare(InstanceRecord record, EncodedAttributes attributes, EncodedAttributes rows, ConflictDecision decision, string source, long now)
    {
        ReadOnlySpan<byte> patient = attributes[QueryLevel.Patient].Span;
        if (attributes.PatientKey != rows.PatientKey)
        {
            Record(ConflictKind.StudyOfOtherPatient, attributes.StudyInstanceUid, patient, record, decision, source, now);
        }
        else
        {
            CompareLevel(ConflictKind.PatientAttributes, rows.PatientKey, rows[QueryLevel.Patient].Span, patient, record, decision, source, now);
        }

        CompareLevel(
            ConflictKind.StudyAttributes, attributes.StudyInstanceUid, rows[QueryLevel.Study].Span, attributes[QueryLevel.Study].Span, record, decision, source, now);
        CompareLevel(
            ConflictKind.SeriesAttributes, attributes.SeriesInstanceUid, rows[QueryLevel.Series].Span, attributes[QueryLevel.Series].Span, record, decision, source, now);
    }

    internal void RecordSeriesOfOtherStudy(InstanceRecord record, EncodedAttributes attributes, long now) =>
        Record(
            ConflictKind.SeriesOfOtherStudy, attributes.SeriesInstanceUid, attributes[QueryLevel.Study].Span, record, ConflictDecision.KeptFirst, record.SourceAeTitle, now);

    /// <summary>Records other content under a known UID; keeps its copy as a new version when that was decided. Repeating it changes nothing.</summary>
    /// <returns>The kept copy; null when none is kept.</returns>
    internal CopyRecord? RecordContent(InstanceRecord record, ConflictDecision decision, long instance, CopyWriter copies, long now)
    {
        List<CopyRecord> existing = copies.Of(instance);
        CopyRecord? kept = existing.Find(copy => copy.Hash.Span.SequenceEqual(record.Copy.Hash.Span));
        (long Id, long? Version)? known = Find(record);
        if (kept is null && decision == ConflictDecision.KeptBoth)
        {
            kept = record.Copy with { Version = existing.Max(copy => copy.Version) + 1 };
            copies.Insert(instance, kept);
            feed.Append(ChangeKind.CopiesChanged, now, record.SopInstanceUid);
        }

        if (known is { } row)
        {
            if (row.Version is null && kept is { Version: > 0 })
            {
                _decide.Bind(1, row.Id).Bind(2, (long)decision).Bind(3, kept.Version).Run();
            }

            return kept;
        }

        Insert(ConflictKind.OtherContent, record.SopInstanceUid, record.Copy.Hash.Span, record, decision, record.SourceAeTitle, kept?.Version, [], now);
        feed.Append(ChangeKind.ConflictRecorded, now, record.SopInstanceUid);
        return kept;
    }

    /// <summary>Records that another node holds other content under a known UID; once, whoever holds it.</summary>
    internal void RecordHeldElsewhere(string sopInstanceUid, ReadOnlySpan<byte> hash, string node, long now) =>
        _insert.Bind(1, (long)ConflictKind.OtherContent).Bind(2, sopInstanceUid).Bind(3, hash).Bind(4, sopInstanceUid).Bind(5, node)
            .Bind(6, now).Bind(7, (long)ConflictDecision.HeldElsewhere).BindNull(8).Bind(9, ReadOnlySpan<byte>.Empty).Run();

    /// <summary>Has the other content kept when it comes; false when the conflict is none of contents, is resolved, or keeps it already.</summary>
    internal bool Want(long id)
    {
        _want.Bind(1, id).Run();
        return connection.Changes == 1;
    }

    internal bool Resolve(long id, long now)
    {
        _resolve.Bind(1, id).Bind(2, now).Run();
        return connection.Changes == 1;
    }

    /// <summary>Takes down that the later content of an open conflict was chosen; false when it is none, or is about another content.</summary>
    internal bool Choose(long id, InstanceRecord version, long now)
    {
        _choose.Bind(1, id).Bind(2, version.SopInstanceUid).Bind(3, version.Copy.Hash.Span).Bind(4, now).Run();
        return connection.Changes == 1;
    }

    private (long Id, long? Version)? Find(InstanceRecord record)
    {
        _find.Bind(1, (long)ConflictKind.OtherContent).Bind(2, record.SopInstanceUid).Bind(3, record.Copy.Hash.Span);
        (long, long?)? found = _find.Step() ? (_find.Int64(0), _find.NullableInt64(1)) : null;
        _find.Reset();
        return found;
    }

    private void CompareLevel(
        ConflictKind kind, string subject, ReadOnlySpan<byte> row, ReadOnlySpan<byte> other, InstanceRecord record, ConflictDecision decision, string source, long now)
    {
        var difference = new ArrayBufferWriter<byte>();
        CollectDifferences(row, other, difference);
        if (difference.WrittenCount > 0)
        {
            Record(kind, subject, difference.WrittenSpan, record, decision, source, now);
        }
    }

    /// <summary>Elements that both sides have, with other values; what only one of them knows is no contradiction.</summary>
    private static void CollectDifferences(ReadOnlySpan<byte> mine, ReadOnlySpan<byte> other, ArrayBufferWriter<byte> difference)
    {
        ReadOnlySpan<byte> rest = other;
        while (true)
        {
            ReadOnlySpan<byte> before = rest;
            if (!AttributeBlob.TryRead(ref rest, out Tag tag, out _, out ReadOnlySpan<byte> value))
            {
                return;
            }

            if (AttributeBlob.TryFind(mine, tag, out _, out ReadOnlySpan<byte> own) && !own.SequenceEqual(value))
            {
                difference.Write(before[..(before.Length - rest.Length)]);
            }
        }
    }

    private void Record(
        ConflictKind kind, string subject, ReadOnlySpan<byte> other, InstanceRecord record, ConflictDecision decision, string source, long now)
    {
        Span<byte> fingerprint = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(other, fingerprint);
        _count.Bind(1, (long)kind).Bind(2, subject);
        bool isFull = _count.Step() && _count.Int64(0) >= options.DifferenceLimit;
        _count.Reset();
        if (!isFull)
        {
            Insert(kind, subject, fingerprint, record, decision, source, null, other, now);
        }
    }

    private void Insert(
        ConflictKind kind, string subject, ReadOnlySpan<byte> fingerprint, InstanceRecord record,
        ConflictDecision decision, string source, int? version, ReadOnlySpan<byte> other, long now) =>
        _insert.Bind(1, (long)kind).Bind(2, subject).Bind(3, fingerprint).Bind(4, record.SopInstanceUid).Bind(5, source)
            .Bind(6, now).Bind(7, (long)decision).Bind(8, version).Bind(9, other).Run();

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_insert, _count, _find, _decide, _choose, _want, _resolve])
        {
            statement.Dispose();
        }
    }
}

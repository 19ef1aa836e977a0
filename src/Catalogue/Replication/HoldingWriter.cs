using System.Buffers;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Catalogue.Writing;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>
/// Keeps who else holds an instance, and which content. The row of an instance describes the content that this node holds, or else that of
/// the holder with the highest authority; other contents are conflicts and are described beside the holding.
/// </summary>
internal sealed class HoldingWriter(Connection connection, ParentRows parents, ConflictWriter conflicts) : IDisposable
{
    private readonly Statement _findInstance = connection.Prepare("SELECT id, series FROM instance WHERE uid = ?1");

    private readonly Statement _readInstance = connection.Prepare("SELECT series, sop_class, transfer_syntax, attributes, uid FROM instance WHERE id = ?1");

    private readonly Statement _insertInstance = connection.Prepare(
        """
        INSERT INTO instance (series, uid, sop_class, transfer_syntax, number, source, received_at, attributes)
        VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7)
        """);

    private readonly Statement _updateInstance = connection.Prepare(
        "UPDATE instance SET sop_class = ?2, transfer_syntax = ?3, number = ?4, attributes = ?5 WHERE id = ?1");

    private readonly Statement _deleteInstance = connection.Prepare("DELETE FROM instance WHERE id = ?1");

    private readonly Statement _ownHash = connection.Prepare("SELECT hash FROM copy WHERE instance = ?1 AND version = 0 LIMIT 1");

    private readonly Statement _find = connection.Prepare("SELECT length, hash, said IS NULL FROM holding WHERE instance = ?1 AND publisher = ?2");

    private readonly Statement _shownHash = connection.Prepare("SELECT hash FROM holding WHERE instance = ?1 AND said IS NULL LIMIT 1");

    private readonly Statement _set = connection.Prepare(
        """
        INSERT INTO holding (instance, publisher, length, hash, said) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (instance, publisher) DO UPDATE SET length = excluded.length, hash = excluded.hash, said = excluded.said
        """);

    private readonly Statement _delete = connection.Prepare("DELETE FROM holding WHERE instance = ?1 AND publisher = ?2");

    private readonly Statement _best = connection.Prepare(
        """
        SELECT h.hash, h.said FROM holding AS h JOIN publisher AS p ON p.id = h.publisher
        WHERE h.instance = ?1 ORDER BY h.length > 0 DESC, p.authority DESC, p.node LIMIT 1
        """);

    private readonly Statement _say = connection.Prepare("UPDATE holding SET said = ?2 WHERE instance = ?1 AND said IS NULL");

    private readonly Statement _unsay = connection.Prepare("UPDATE holding SET said = NULL WHERE instance = ?1 AND hash = ?2");

    private readonly Statement _otherHashes = connection.Prepare("SELECT DISTINCT hash, publisher FROM holding WHERE instance = ?1 AND hash <> ?2 AND length > 0");

    private readonly Statement _node = connection.Prepare("SELECT node FROM publisher WHERE id = ?1");

    internal (long Id, long Series)? Find(string sopInstanceUid)
    {
        _findInstance.Bind(1, sopInstanceUid);
        (long, long)? found = _findInstance.Step() ? (_findInstance.Int64(0), _findInstance.Int64(1)) : null;
        _findInstance.Reset();
        return found;
    }

    /// <summary>Whether a publisher holds or offers an instance.</summary>
    internal bool IsToldBy(long instance, long publisher)
    {
        bool isTold = _find.Bind(1, instance).Bind(2, publisher).Step();
        _find.Reset();
        return isTold;
    }

    /// <summary>Adds an instance that nobody told of before.</summary>
    internal void Add(InstanceState state, long series, long publisher, long now)
    {
        _insertInstance.Bind(1, series).Bind(2, state.SopInstanceUid).Bind(3, state.SopClassUid).Bind(4, state.TransferSyntaxUid)
            .Bind(5, ParentRows.Number(state.Attributes.Span, Tags.InstanceNumber)).Bind(6, now).Bind(7, state.Attributes.Span).Run();
        _set.Bind(1, connection.LastInsertId).Bind(2, publisher).Bind(3, state.LengthBytes).Bind(4, state.Hash.Span).BindNull(5).Run();
    }

    /// <summary>Takes down that a publisher holds a known instance.</summary>
    /// <returns>Whether it did not before.</returns>
    internal bool Hold(long instance, InstanceState state, long publisher, long now)
    {
        _find.Bind(1, instance).Bind(2, publisher);
        bool isKnown = _find.Step();
        bool isSame = isKnown && _find.Int64(0) == state.LengthBytes && _find.Blob(1).SequenceEqual(state.Hash.Span);
        _find.Reset();
        if (isSame && !state.IsOffered)
        {
            return false;
        }

        byte[]? own = Hash(_ownHash.Bind(1, instance));
        byte[]? shown = own ?? Hash(_shownHash.Bind(1, instance));
        bool isShown = shown is not null && shown.AsSpan().SequenceEqual(state.Hash.Span);
        if (isShown && state.IsOffered)
        {
            Redescribe(instance, state);
        }

        _set.Bind(1, instance).Bind(2, publisher).Bind(3, state.LengthBytes).Bind(4, state.Hash.Span);
        if (isShown)
        {
            _set.BindNull(5).Run();
            return !isKnown;
        }

        _set.Bind(5, Describe(state.SopClassUid, state.TransferSyntaxUid, state.Attributes.Span)).Run();
        RecordConflicts(instance, state.SopInstanceUid, now);
        if (own is null)
        {
            Elect(instance);
        }

        return !isKnown;
    }

    /// <summary>Takes down that a publisher holds an instance no more; the row goes with the last holder.</summary>
    /// <returns>Whether the publisher held it.</returns>
    internal bool Release(long instance, long publisher)
    {
        _delete.Bind(1, instance).Bind(2, publisher).Run();
        if (connection.Changes == 0)
        {
            return false;
        }

        if (Hash(_ownHash.Bind(1, instance)) is null)
        {
            ElectOrRemove(instance);
        }

        return true;
    }

    /// <summary>After the copies here have gone: the row describes what another holder has, or goes too.</summary>
    /// <returns>Whether the row stays.</returns>
    internal bool ElectOrRemove(long instance)
    {
        if (Elect(instance))
        {
            return true;
        }

        (long Series, string SopClass) row = ReadInstance(instance) is { } read ? (read.Series, read.SopClass) : default;
        _deleteInstance.Bind(1, instance).Run();
        parents.Uncount(row.Series, row.SopClass);
        return false;
    }

    /// <summary>Whether others hold the instance.</summary>
    internal bool IsHeldElsewhere(long instance) => Hash(_best.Bind(1, instance)) is not null;

    /// <summary>Makes the row describe the content that came here, whatever others hold; differences become conflicts.</summary>
    internal void Adopt(long instance, InstanceRecord record, ReadOnlySpan<byte> attributes, long now)
    {
        byte[]? shown = Hash(_shownHash.Bind(1, instance));
        if (shown is null || !shown.AsSpan().SequenceEqual(record.Copy.Hash.Span))
        {
            Show(instance, record.SopClassUid, record.TransferSyntaxUid, attributes, record.Copy.Hash.Span);
        }

        RecordConflicts(instance, record.SopInstanceUid, now);
    }

    /// <summary>Makes the row describe the content of the holder with the highest authority; false when there is none.</summary>
    internal bool Elect(long instance)
    {
        _best.Bind(1, instance);
        bool isHeld = _best.Step();
        byte[] hash = isHeld ? _best.Blob(0).ToArray() : [];
        byte[]? said = isHeld && !_best.IsNull(1) ? _best.Blob(1).ToArray() : null;
        _best.Reset();
        if (said is not null)
        {
            var reader = new ColumnReader(said, long.MaxValue);
            string sopClass = Encoding.UTF8.GetString(reader.Bytes(said.Length, "SOP class").Span);
            string transferSyntax = Encoding.UTF8.GetString(reader.Bytes(said.Length, "Transfer syntax").Span);
            Show(instance, sopClass, transferSyntax, reader.Bytes(said.Length, "Attributes").Span, hash);
        }

        return isHeld;
    }

    /// <summary>Changes the row to another content, and says beside the holdings of the content that it described what it was.</summary>
    private void Show(long instance, string sopClass, string transferSyntax, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> hash)
    {
        if (ReadInstance(instance) is not { } before)
        {
            return;
        }

        _say.Bind(1, instance).Bind(2, Describe(before.SopClass, before.TransferSyntax, before.Attributes)).Run();
        _updateInstance.Bind(1, instance).Bind(2, sopClass).Bind(3, transferSyntax).Bind(4, ParentRows.Number(attributes, Tags.InstanceNumber))
            .Bind(5, attributes).Run();
        _unsay.Bind(1, instance).Bind(2, hash).Run();
        if (before.SopClass != sopClass)
        {
            parents.Count(before.Series, sopClass, 1);
            parents.Uncount(before.Series, before.SopClass);
        }
    }

    /// <summary>What is only offered has no hash that would tell another content, so the last word on it is shown.</summary>
    private void Redescribe(long instance, InstanceState state)
    {
        if (ReadInstance(instance) is not { } before || IsSaid(before, state))
        {
            return;
        }

        _updateInstance.Bind(1, instance).Bind(2, state.SopClassUid).Bind(3, state.TransferSyntaxUid)
            .Bind(4, ParentRows.Number(state.Attributes.Span, Tags.InstanceNumber)).Bind(5, state.Attributes.Span).Run();
        if (before.SopClass != state.SopClassUid)
        {
            parents.Count(before.Series, state.SopClassUid, 1);
            parents.Uncount(before.Series, before.SopClass);
        }
    }

    /// <summary>Whether the row of an instance says exactly this.</summary>
    internal bool IsSaid(long instance, InstanceState state) => ReadInstance(instance) is { } row && IsSaid(row, state);

    private static bool IsSaid((long Series, string SopClass, string TransferSyntax, byte[] Attributes) row, InstanceState state) =>
        row.SopClass == state.SopClassUid && row.TransferSyntax == state.TransferSyntaxUid && row.Attributes.AsSpan().SequenceEqual(state.Attributes.Span);

    private void RecordConflicts(long instance, string sopInstanceUid, long now)
    {
        byte[]? shown = Hash(_ownHash.Bind(1, instance)) ?? Hash(_shownHash.Bind(1, instance));
        if (shown is null || !shown.AsSpan().ContainsAnyExcept((byte)0))
        {
            return;
        }

        var others = new List<(byte[] Hash, long Publisher)>();
        _otherHashes.Bind(1, instance).Bind(2, shown);
        while (_otherHashes.Step())
        {
            others.Add((_otherHashes.Blob(0).ToArray(), _otherHashes.Int64(1)));
        }

        _otherHashes.Reset();
        foreach ((byte[] hash, long publisher) in others)
        {
            _node.Bind(1, publisher);
            string node = _node.Step() ? new Guid(_node.Blob(0), bigEndian: true).ToString("D") : string.Empty;
            _node.Reset();
            conflicts.RecordHeldElsewhere(sopInstanceUid, hash, node, now);
        }
    }

    private (long Series, string SopClass, string TransferSyntax, byte[] Attributes)? ReadInstance(long instance)
    {
        _readInstance.Bind(1, instance);
        (long, string, string, byte[])? row = _readInstance.Step()
            ? (_readInstance.Int64(0), _readInstance.Text(1), _readInstance.Text(2), _readInstance.Blob(3).ToArray())
            : null;
        _readInstance.Reset();
        return row;
    }

    private static byte[]? Hash(Statement statement)
    {
        byte[]? hash = statement.Step() ? statement.Blob(0).ToArray() : null;
        statement.Reset();
        return hash;
    }

    private static ReadOnlySpan<byte> Describe(string sopClass, string transferSyntax, ReadOnlySpan<byte> attributes)
    {
        var said = new ArrayBufferWriter<byte>(attributes.Length + 160);
        var writer = new ColumnWriter(said);
        writer.Bytes(Encoding.UTF8.GetBytes(sopClass));
        writer.Bytes(Encoding.UTF8.GetBytes(transferSyntax));
        writer.Bytes(attributes);
        return said.WrittenSpan;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[
            _findInstance, _readInstance, _insertInstance, _updateInstance, _deleteInstance, _ownHash, _find, _shownHash, _set, _delete, _best, _say, _unsay,
            _otherHashes, _node])
        {
            statement.Dispose();
        }
    }
}

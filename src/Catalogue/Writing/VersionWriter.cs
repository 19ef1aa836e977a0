using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Lets a kept version of an instance and what the archive answers with change places; both stay.</summary>
internal sealed class VersionWriter(Connection connection, HoldingWriter holdings, CopyWriter copies, ConflictWriter conflicts, ChangeWriter feed) : IDisposable
{
    /// <summary>A number that no version has, where copies stand while the others take their place.</summary>
    private const int Between = -1;

    private readonly Statement _place = connection.Prepare(
        """
        SELECT instance.id, study.uid, series.uid
        FROM instance JOIN series ON series.id = instance.series JOIN study ON study.id = series.study WHERE instance.uid = ?1
        """);

    private readonly Statement _move = connection.Prepare("UPDATE copy SET version = ?3 WHERE instance = ?1 AND version = ?2");

    private readonly Statement _hold = connection.Prepare(
        """
        UPDATE series_content SET held = held + ?2, bytes = bytes + ?3
        WHERE series = (SELECT series FROM instance WHERE id = ?1) AND sop_class = (SELECT sop_class FROM instance WHERE id = ?1)
        """);

    /// <param name="conflict">Number of the conflict that kept the version; it is resolved by this.</param>
    /// <param name="version">The version as its file describes it.</param>
    internal VersionChoice Choose(long conflict, InstanceRecord version, long now)
    {
        _place.Bind(1, version.SopInstanceUid);
        (long Instance, string Study, string Series)? found = _place.Step() ? (_place.Int64(0), _place.Text(1), _place.Text(2)) : null;
        _place.Reset();
        if (found is not { } place || copies.Of(place.Instance) is not [{ Version: 0 } first, ..] held
            || !held.Exists(copy => copy.Version == version.Copy.Version && copy.Version > 0 && copy.Hash.Span.SequenceEqual(version.Copy.Hash.Span)))
        {
            return VersionChoice.NotKept;
        }

        if (place.Study != version.Encoded.StudyInstanceUid || place.Series != version.Encoded.SeriesInstanceUid)
        {
            return VersionChoice.OfOtherSeries;
        }

        if (!conflicts.Choose(conflict, version, now))
        {
            return VersionChoice.NotKept;
        }

        Move(place.Instance, 0, Between);
        Move(place.Instance, version.Copy.Version, 0);
        Move(place.Instance, Between, version.Copy.Version);

        // The class of the two may differ, and what is held is counted by class.
        _hold.Bind(1, place.Instance).Bind(2, -1).Bind(3, -first.LengthBytes).Run();
        holdings.Adopt(place.Instance, version, version.Encoded[QueryLevel.Image].Span, now);
        _hold.Bind(1, place.Instance).Bind(2, 1).Bind(3, version.Copy.LengthBytes).Run();
        feed.Append(ChangeKind.CopiesChanged, now, version.SopInstanceUid);
        return VersionChoice.Chosen;
    }

    private void Move(long instance, int from, int to) => _move.Bind(1, instance).Bind(2, from).Bind(3, to).Run();

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_place, _move, _hold])
        {
            statement.Dispose();
        }
    }
}

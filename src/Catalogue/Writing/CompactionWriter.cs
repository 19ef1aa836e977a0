using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Lets compact forms stand for what was received.</summary>
internal sealed class CompactionWriter(Connection connection, CopyWriter copies, ChangeWriter feed) : IDisposable
{
    private readonly Statement _instance = connection.Prepare("SELECT id FROM instance WHERE uid = ?1");

    private readonly Statement _decide = connection.Prepare(
        """
        UPDATE copy SET compaction = ?4, path = ?5, volume = ?6, compact_length = ?7, compact_hash = ?8, compact_data_set_offset = ?9, compact_syntax = ?10,
            compact_stages = ?11
        WHERE instance = ?1 AND version = ?2 AND volume = ?3
        """);

    /// <summary>Applies decisions to the copies that are still as they were.</summary>
    /// <returns>How many.</returns>
    internal int Apply(IReadOnlyList<CompactionDecision> decisions, long now) => decisions.Count(decision => Apply(decision, now));

    private bool Apply(CompactionDecision decision, long now)
    {
        CopyRecord before = decision.Before;
        _instance.Bind(1, decision.SopInstanceUid);
        long? instance = _instance.Step() ? _instance.Int64(0) : null;
        _instance.Reset();
        if (instance is not { } id || !copies.Of(id).Exists(copy => copy.Version == before.Version && copy.VolumeId == before.VolumeId
            && copy.Path == before.Path && copy.Compact is null && copy.Hash.Span.SequenceEqual(before.Hash.Span)))
        {
            return false;
        }

        _decide.Bind(1, id).Bind(2, before.Version).Bind(3, before.VolumeId).Bind(4, (long)decision.Outcome).Bind(5, decision.Path).Bind(6, decision.VolumeId);
        if (decision.File is { } file)
        {
            _decide.Bind(7, file.LengthBytes).Bind(8, file.Hash.Span).Bind(9, file.DataSetOffsetBytes).Bind(10, file.TransferSyntaxUid).BindOrNull(11, file.Stages.Span).Run();
            feed.Append(ChangeKind.CopiesChanged, now, decision.SopInstanceUid);
        }
        else
        {
            _decide.BindNull(7).BindNull(8).BindNull(9).BindNull(10).BindNull(11).Run();
        }

        return true;
    }

    public void Dispose()
    {
        _instance.Dispose();
        _decide.Dispose();
    }
}

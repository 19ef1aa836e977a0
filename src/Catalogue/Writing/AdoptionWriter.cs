using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Adds the copy of an instance that so far only other nodes held.</summary>
internal sealed class AdoptionWriter(Connection connection, HoldingWriter holdings, CopyWriter copies, ChangeWriter feed) : IDisposable
{
    private readonly Statement _receive = connection.Prepare("UPDATE instance SET source = ?2, received_at = ?3 WHERE id = ?1");

    private readonly Statement _count = connection.Prepare(
        """
        UPDATE series_content SET held = held + 1, bytes = bytes + ?2
        WHERE series = (SELECT series FROM instance WHERE id = ?1) AND sop_class = (SELECT sop_class FROM instance WHERE id = ?1)
        """);

    /// <summary>The row becomes that of the content that is here now.</summary>
    internal AddOutcome Adopt(long instance, InstanceRecord record, long now)
    {
        copies.Insert(instance, record.Copy with { Version = 0 });
        holdings.Adopt(instance, record, record.Encoded[QueryLevel.Image].Span, now);
        _receive.Bind(1, instance).Bind(2, record.SourceAeTitle).Bind(3, record.ReceivedAt.ToUnixTimeMilliseconds()).Run();
        _count.Bind(1, instance).Bind(2, record.Copy.LengthBytes).Run();
        feed.Append(ChangeKind.InstanceAdded, now, record.SopInstanceUid);
        return new AddOutcome(AddResult.Added, null);
    }

    public void Dispose()
    {
        _receive.Dispose();
        _count.Dispose();
    }
}

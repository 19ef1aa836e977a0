namespace Panal.Security.Identities;

/// <summary>One node that is refused.</summary>
/// <param name="Node">Its identity.</param>
/// <param name="Since">From when on.</param>
/// <param name="Reason">For people; may be empty.</param>
public sealed record DenyEntry(Guid Node, DateTimeOffset Since, string Reason);

/// <summary>Who is refused whatever its certificate says: the authority's signed word; see docs/formats/network.md.</summary>
public sealed record DenyList
{
    /// <summary>Longest reason, in characters.</summary>
    public const int ReasonLengthLimit = 256;

    private HashSet<Guid>? _nodes;

    /// <summary>UUID of the network.</summary>
    public required Guid Network { get; init; }

    /// <summary>Of two lists, the one with the higher version holds.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>Who is refused.</summary>
    public required IReadOnlyList<DenyEntry> Entries { get; init; }

    /// <summary>Whether a node is refused.</summary>
    public bool Contains(Guid node) => (_nodes ??= [.. Entries.Select(e => e.Node)]).Contains(node);

    /// <summary>The list with one node more; itself when it is there already.</summary>
    public DenyList With(DenyEntry entry, long version, DateTimeOffset issued) =>
        new() { Network = Network, Version = version, Issued = issued, Entries = Contains(entry.Node) ? Entries : [.. Entries, entry] };

    /// <summary>Reads the payload of a signed deny list.</summary>
    /// <exception cref="NetworkDocumentException">It is none.</exception>
    public static DenyList Read(ReadOnlySpan<byte> payload)
    {
        var list = DocumentJson.Read(payload, DocumentJson.Format.DenyList);
        var isValid = list.Network != Guid.Empty && list.Version >= 1 && list.Entries.Count <= Roster.MemberLimit
            && list.Entries.All(e => e is { Reason.Length: <= ReasonLengthLimit } && e.Node != Guid.Empty);
        return isValid ? list : throw new NetworkDocumentException("The deny list is not valid.");
    }

    /// <summary>The payload to be signed.</summary>
    public byte[] ToPayload() => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(this, DocumentJson.Format.DenyList);
}

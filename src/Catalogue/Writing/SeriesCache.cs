using Panal.Catalogue.Attributes;

namespace Panal.Catalogue.Writing;

/// <summary>Rows that the next instances of a running transfer belong to; the writer alone uses it.</summary>
internal sealed class SeriesCache
{
    /// <summary>Series that arrive at the same time at most, with room; older ones are looked up again.</summary>
    private const int SeriesLimit = 1024;

    private readonly Dictionary<(string Study, string Series), SeriesEntry> _entries = [];

    internal SeriesEntry? Find(string study, string series) => _entries.GetValueOrDefault((study, series));

    internal void Add(string study, string series, SeriesEntry entry)
    {
        if (_entries.Count >= SeriesLimit)
        {
            _entries.Clear();
        }

        _entries[(study, series)] = entry;
    }

    /// <summary>After a rollback or a deletion nothing here can be trusted.</summary>
    internal void Clear() => _entries.Clear();
}

/// <summary>What is known of a series and its parents.</summary>
/// <param name="rows">What the rows themselves say.</param>
internal sealed class SeriesEntry(long id, EncodedAttributes rows)
{
    /// <summary>Other descriptions remembered at most; a device that says more is compared again and again, at its own cost.</summary>
    private const int DescriptionLimit = 16;

    private readonly List<EncodedAttributes> _settled = [rows];

    internal long Id { get; } = id;

    internal EncodedAttributes Rows { get; } = rows;

    /// <summary>Whether this description needs no more attention: it equals the rows, or its difference is recorded.</summary>
    internal bool IsSettled(EncodedAttributes description)
    {
        foreach (EncodedAttributes known in _settled)
        {
            if (known.HasSameParents(description))
            {
                return true;
            }
        }

        return false;
    }

    internal void Settle(EncodedAttributes description)
    {
        if (_settled.Count < DescriptionLimit)
        {
            _settled.Add(description);
        }
    }
}

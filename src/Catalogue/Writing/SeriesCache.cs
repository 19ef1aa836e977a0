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
internal sealed class SeriesEntry(long id, string patientKey, long patient, long study, long patientFingerprint, long studyFingerprint, long seriesFingerprint)
{
    internal long Id { get; } = id;

    internal string PatientKey { get; } = patientKey;

    internal long Patient { get; } = patient;

    internal long Study { get; } = study;

    /// <summary>Combinations that need no more attention: equal to the rows, or recorded as different.</summary>
    private readonly HashSet<(string Key, long Patient, long Study, long Series)> _settled =
        [(patientKey, patientFingerprint, studyFingerprint, seriesFingerprint)];

    internal bool IsSettled(string key, long patient, long study, long series) => _settled.Contains((key, patient, study, series));

    /// <summary>Remembers a combination; a device that changes a text in each image is looked at again and again, at its own cost.</summary>
    internal void Settle(string key, long patient, long study, long series)
    {
        const int CombinationLimit = 256;
        if (_settled.Count < CombinationLimit)
        {
            _settled.Add((key, patient, study, series));
        }
    }
}

namespace Panal.Archive.Ingest;

/// <summary>What to do when a SOP Instance UID arrives again with other content. Nothing held is ever overwritten.</summary>
public enum DuplicatePolicy
{
    /// <summary>Acknowledge, keep what was first, record the conflict for the administrator.</summary>
    KeepFirst,

    /// <summary>Keep the later content beside the first, as a version that queries do not return.</summary>
    KeepBothVersions,

    /// <summary>Refuse the later content.</summary>
    Refuse,
}

/// <summary>How the files of a volume are arranged.</summary>
public enum StorageLayout
{
    /// <summary><c>PatientID/StudyUID/SeriesUID/SOPUID.dcm</c>: what a person expects to find.</summary>
    Patient,

    /// <summary><c>yyyy/MM/dd/StudyUID/SeriesUID/SOPUID.dcm</c>, by the day of receipt: one day is one folder to back up.</summary>
    Date,

    /// <summary><c>ab/cd/HASH.dcm</c>, by content hash: file names say nothing about patients.</summary>
    Hash,
}

/// <summary>How instances are taken in.</summary>
public sealed record IngestOptions
{
    /// <summary>What to do when a SOP Instance UID arrives again with other content.</summary>
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.KeepFirst;

    /// <summary>How the files of a volume are arranged.</summary>
    public StorageLayout Layout { get; init; } = StorageLayout.Patient;
}

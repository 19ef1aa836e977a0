namespace Panal.Archive.Import;

/// <summary>What became of one file.</summary>
public enum ImportedAs
{
    /// <summary>New, durable and catalogued.</summary>
    Stored,

    /// <summary>Held already with the same content.</summary>
    AlreadyThere,

    /// <summary>Taken in, but other content is held under its UID; see the conflicts.</summary>
    Conflicting,

    /// <summary>Not a DICOM instance: a DICOMDIR, a viewer's program, a text file.</summary>
    NotAnInstance,

    /// <summary>An instance that the archive refused, or a file that could not be read.</summary>
    Refused,

    /// <summary>Done by an earlier run of the same import.</summary>
    DoneBefore,
}

/// <summary>One file's result.</summary>
/// <param name="Path">Path below the imported directory, with <c>/</c>.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="As">What became of it.</param>
/// <param name="Reason">Why it was refused, without patient data; null otherwise.</param>
public sealed record ImportedFile(string Path, long LengthBytes, ImportedAs As, string? Reason);

/// <summary>How far an import is.</summary>
/// <param name="TotalFiles">Files found; grows while directories are still being read.</param>
/// <param name="TotalBytes">Their bytes.</param>
/// <param name="DoneFiles">Files finished, whatever became of them.</param>
/// <param name="DoneBytes">Their bytes.</param>
/// <param name="Counts">Files by what became of them, indexed by <see cref="ImportedAs"/>.</param>
/// <param name="Latest">The file just finished; null in the first and last report.</param>
/// <param name="IsComplete">True in the last report.</param>
public sealed record ImportProgress(
    int TotalFiles, long TotalBytes, int DoneFiles, long DoneBytes, IReadOnlyList<int> Counts, ImportedFile? Latest, bool IsComplete);

namespace Panal.Catalogue;

/// <summary>Why the catalogue cannot serve.</summary>
public enum CatalogueFailure
{
    /// <summary>The file system is full.</summary>
    StorageFull = 1,

    /// <summary>The file or its directory cannot be read or written.</summary>
    StorageFailed = 2,

    /// <summary>The file is damaged, or is no SQLite database.</summary>
    Corrupt = 3,

    /// <summary>The file is a database, but none that this version of Panal understands.</summary>
    UnknownSchema = 4,

    /// <summary>Another process holds the database.</summary>
    InUse = 5,

    /// <summary>A fault of ours: SQLite refused a statement.</summary>
    Internal = 6,
}

/// <summary>The catalogue cannot serve; the text never holds patient data.</summary>
public sealed class CatalogueException(CatalogueFailure failure, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public CatalogueFailure Failure { get; } = failure;
}

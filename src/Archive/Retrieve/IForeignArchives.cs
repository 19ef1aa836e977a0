using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>Where an archive is called that is no node of the network.</summary>
/// <param name="AeTitle">Its AE title.</param>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">TCP port, 1 to 65,535.</param>
/// <param name="Tls">True when it is called over TLS.</param>
public sealed record ForeignAddress(string AeTitle, string Host, int Port, bool Tls);

/// <summary>How instances are got from a foreign archive.</summary>
public enum ForeignRetrieval
{
    /// <summary>C-GET: on the association of the request.</summary>
    Get,

    /// <summary>C-MOVE to ourselves: the archive must know this node by its AE title.</summary>
    Move,

    /// <summary>WADO-RS, where the archive offers DICOMweb.</summary>
    Wado,
}

/// <summary>What became of an instance that was sent to a foreign archive.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="IsStored">True when the archive took it, with a warning or without.</param>
/// <param name="Problem">Why not, without patient data.</param>
public sealed record ForwardOutcome(InstanceReference Instance, bool IsStored, string? Problem);

/// <summary>Asks archives that are no nodes; implemented by the SCUs of PS3.4.</summary>
public interface IForeignArchives
{
    /// <summary>Opens an association for queries, Study Root.</summary>
    /// <exception cref="ForeignArchiveException">It cannot be opened.</exception>
    ValueTask<IForeignQueries> OpenQueriesAsync(ForeignAddress archive, CancellationToken ct);

    /// <summary>Has instances sent here; each is in the archive as soon as it has come.</summary>
    /// <param name="archive">Who has them.</param>
    /// <param name="how">C-GET or C-MOVE.</param>
    /// <param name="identifier">Query/Retrieve Level and unique keys.</param>
    /// <param name="sopClassUids">The storage classes that will come, as far as they are known.</param>
    /// <param name="ct">Breaks off.</param>
    /// <returns>Instances that the archive says it could not send.</returns>
    /// <exception cref="ForeignArchiveException">The archive refused or broke off; what has come stays.</exception>
    Task<int> RetrieveAsync(ForeignAddress archive, ForeignRetrieval how, DataSet identifier, IReadOnlyCollection<string> sopClassUids, CancellationToken ct);

    /// <summary>Sends instances to an archive.</summary>
    /// <param name="archive">Where to.</param>
    /// <param name="instances">What, in this order.</param>
    /// <param name="open">Opens one of them in one of the transfer syntaxes that the archive takes.</param>
    /// <param name="ct">Breaks off.</param>
    /// <returns>One outcome for each instance.</returns>
    Task<IReadOnlyList<ForwardOutcome>> SendAsync(
        ForeignAddress archive, IReadOnlyList<InstanceReference> instances, Func<InstanceReference, IReadOnlyCollection<string>, OpenOutcome> open, CancellationToken ct);

    /// <summary>Asks an archive to commit to keeping instances.</summary>
    /// <returns>Those that it does not keep; null when it does not offer storage commitment.</returns>
    /// <exception cref="ForeignArchiveException">It refused, broke off, or did not answer in time.</exception>
    Task<IReadOnlyList<InstanceReference>?> CommitAsync(ForeignAddress archive, IReadOnlyList<InstanceReference> instances, TimeSpan patience, CancellationToken ct);
}

/// <summary>An association on which a foreign archive is asked, one question after the other.</summary>
public interface IForeignQueries : IAsyncDisposable
{
    /// <summary>Sends C-FIND and returns the matches as they come; whoever stops reading early cancels it.</summary>
    /// <exception cref="ForeignArchiveException">The archive refused or broke off.</exception>
    IAsyncEnumerable<DataSet> FindAsync(DataSet identifier, CancellationToken ct);
}

/// <summary>A foreign archive did not do what was asked; the text holds no patient data.</summary>
/// <param name="message">What happened.</param>
/// <param name="isRefusal">True when it answered with a failure; false when it could not be reached or broke off.</param>
/// <param name="inner">The cause.</param>
public sealed class ForeignArchiveException(string message, bool isRefusal, Exception? inner) : Exception(message, inner)
{
    /// <summary>True when the archive answered with a failure.</summary>
    public bool IsRefusal { get; } = isRefusal;
}

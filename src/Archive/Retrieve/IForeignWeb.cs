namespace Panal.Archive.Retrieve;

/// <summary>Where an archive that is no node of the network is called by DICOMweb. It comes from the configuration alone, never from what a peer says.</summary>
/// <param name="AeTitle">Who it is, for the catalogue and the audit trail.</param>
/// <param name="Root">The path that its resources stand below, such as <c>https://pacs.example/dicom-web</c>.</param>
/// <param name="CredentialsFile">A file whose first line is the value of the header Authorization; empty when it asks for none. Read for each request.</param>
public sealed record ForeignWebAddress(string AeTitle, Uri Root, string CredentialsFile);

/// <summary>Gets instances from archives that are no nodes by WADO-RS; implemented by the client of DicomWeb.</summary>
public interface IForeignWeb
{
    /// <summary>Has instances sent here; each is in the archive as soon as it has come.</summary>
    /// <param name="archive">Who has them.</param>
    /// <param name="studyInstanceUid">The study.</param>
    /// <param name="seriesInstanceUid">The series.</param>
    /// <param name="sopInstanceUids">The instances; none for the whole series.</param>
    /// <param name="ct">Breaks off.</param>
    /// <exception cref="ForeignArchiveException">The archive refused or broke off; what has come stays.</exception>
    /// <remarks>PS3.18 §10.4.</remarks>
    Task RetrieveAsync(ForeignWebAddress archive, string studyInstanceUid, string seriesInstanceUid, IReadOnlyCollection<string> sopInstanceUids, CancellationToken ct);
}

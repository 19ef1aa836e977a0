using System.Runtime.InteropServices;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Retrieve;

/// <summary>What a C-MOVE or C-GET asks for.</summary>
/// <param name="Model">The information model.</param>
/// <param name="Identifier">Query/Retrieve Level and unique keys (PS3.4 §C.4.2.1.4).</param>
/// <param name="Relational">Relational retrieval was negotiated.</param>
public sealed record RetrieveRequest(InformationModel Model, DataSet Identifier, bool Relational)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Model} retrieval [redacted]";
}

/// <summary>One instance that a retrieval names.</summary>
/// <param name="SopClassUid">SOP Class UID.</param>
/// <param name="SopInstanceUid">SOP Instance UID.</param>
/// <param name="TransferSyntaxUid">How it is stored.</param>
/// <param name="StudyInstanceUid">Its study, for the audit trail.</param>
/// <param name="PatientId">Its patient, for the audit trail.</param>
/// <param name="Copy">Where it is; null when only other nodes hold it.</param>
public sealed record InstanceReference(
    string SopClassUid, string SopInstanceUid, string TransferSyntaxUid, string StudyInstanceUid, string PatientId, CopyRecord? Copy)
{
    /// <summary>Its series.</summary>
    public string SeriesInstanceUid { get; init; } = "";

    /// <summary>What of it can be shown while its bytes are on their way; null when they are here, and for whoever did not ask for less.</summary>
    public ImagePreview? Preview { get; init; }

    /// <summary>True when its bytes are here.</summary>
    public bool IsHeldHere => Copy is not null;

    /// <summary>When its study was corrected last, as it was located; null for never. What leaves of it then is not what is stored.</summary>
    public DateTimeOffset? CorrectedAt => Correction?.At;

    /// <summary>What is said of its study in place of what its file says, as it was located: all that leaves by one retrieval says the same.</summary>
    internal StudyCorrection? Correction { get; init; }

    /// <summary>
    /// Names the bytes that leave for ever: content hash of the stored file in hexadecimal, with the time of the last correction behind a hyphen; another name for a
    /// preview; empty when only other nodes hold it and nobody asked what they hold.
    /// </summary>
    public string ContentHash => CorrectedAt is { } at && Uncorrected.Length > 0
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Uncorrected}-{at.ToUnixTimeMilliseconds()}")
        : Uncorrected;

    /// <summary>Length of the stored file with its file meta information, in bytes; 0 when only other nodes hold it. What leaves of a corrected one has another length.</summary>
    public long FileLengthBytes => Copy?.LengthBytes ?? 0;

    /// <summary>Content hash of the file that it is told of by, here or elsewhere; empty when only other nodes hold it and nobody asked what they hold.</summary>
    internal ReadOnlyMemory<byte> Hash => Copy?.Hash ?? HashElsewhere;

    /// <summary>What other nodes hold of one that is not here, as it is told of; see <see cref="Retriever.Described"/>.</summary>
    internal ReadOnlyMemory<byte> HashElsewhere { get; init; }

    private string Uncorrected => Preview is { } preview ? $"{SopInstanceUid} {preview}" : Convert.ToHexStringLower(Hash.Span);

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => SopInstanceUid;
}

/// <summary>An instance on its way out.</summary>
/// <param name="DataSet">The data set without file meta information, read once from the start; owned by the receiver.</param>
/// <param name="LengthBytes">Its length; null when it is converted on the way.</param>
/// <param name="TransferSyntax">How it is encoded.</param>
public sealed record OutgoingInstance(Stream DataSet, long? LengthBytes, TransferSyntax TransferSyntax) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DataSet.DisposeAsync();
}

/// <summary>A stored file, opened at its start; it can be read at any offset.</summary>
/// <param name="Bytes">The Part 10 file; owned by the receiver.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="DataSetOffsetBytes">Where its data set begins.</param>
/// <param name="TransferSyntax">How its data set is encoded.</param>
public sealed record StoredFile(Stream Bytes, long LengthBytes, long DataSetOffsetBytes, TransferSyntax TransferSyntax) : IDisposable
{
    /// <summary>Whether its bytes stand in a file as they leave, so that <see cref="SendTo"/> can hand them on.</summary>
    public bool IsSendable => Bytes is ObjectReader;

    /// <inheritdoc cref="ObjectReader.SendTo"/>
    public long SendTo(SafeHandle socket, long offset, long lengthBytes) => Bytes is ObjectReader reader ? reader.SendTo(socket, offset, lengthBytes) : 0;

    /// <inheritdoc/>
    public void Dispose() => Bytes.Dispose();
}

/// <summary>What became of opening an instance.</summary>
public enum OpenResult
{
    /// <summary>It is on its way.</summary>
    Opened,

    /// <summary>The receiver takes no transfer syntax that can be made of what is stored.</summary>
    NoCommonTransferSyntax,

    /// <summary>Only other nodes hold it, so it must be fetched first.</summary>
    HeldElsewhere,

    /// <summary>Nobody holds it any more.</summary>
    NotFound,
}

/// <summary>Outcome of opening an instance.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Instance">The instance when it was opened, else null; owned by the receiver.</param>
/// <param name="Holders">The other nodes that hold it and what they hold, when it must be fetched; else empty.</param>
public sealed record OpenOutcome(OpenResult Result, OutgoingInstance? Instance, IReadOnlyList<InstanceHolder> Holders);

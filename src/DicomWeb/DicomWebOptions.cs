namespace Panal.DicomWeb;

/// <summary>What the host decides about this door.</summary>
public sealed record DicomWebOptions
{
    /// <summary>The path that all resources stand below, as the other archives have it.</summary>
    public const string Root = "/dicom-web";

    /// <summary>Our AE title, for the audit trail and the source of what is stored.</summary>
    public required string AETitle { get; init; }

    /// <summary>Scheme, host and port that clients reach us by, such as <c>https://pacs.example</c>; empty takes them from each request.</summary>
    public string PublicUrl { get; init; } = "";

    /// <summary>Origins whose pages may read answers (CORS), such as <c>https://viewer.example</c>; <c>*</c> is every origin.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Longest body of one store request, in bytes; instances flow through, so this bounds patience, not memory.</summary>
    public long MaximumStoreLengthBytes { get; init; } = 64L << 30;
}

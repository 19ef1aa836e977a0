using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Panal.Node.Options;

/// <summary>The DICOMweb resources of the HTTP door.</summary>
internal sealed record DicomWebSettings : IValidatableObject
{
    public const string Section = "DicomWeb";

    private const long Mebibyte = 1L << 20;

    [Description("Whether `/dicom-web` is served on the HTTP port: to accounts with the right, and to this machine alone while there is no account.")]
    public bool Enabled { get; init; } = true;

    [Description("Scheme, host and port that clients reach this node by, such as `https://pacs.example`, for the URLs in answers; empty takes them from each request.")]
    public string PublicUrl { get; init; } = "";

    [Description("Origins whose pages may read answers (CORS), separated by commas, such as `https://viewer.example`; `*` is every origin.")]
    public string AllowedOrigins { get; init; } = "";

    [Description("Longest body of one store request, in MiB; instances flow through to disk, memory does not grow with it.")]
    [Range(1, 16_777_216)]
    public long MaximumStoreMebibytes { get; init; } = 65_536;

    internal IReadOnlyList<string> Origins => AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    internal long MaximumStoreBytes => MaximumStoreMebibytes * Mebibyte;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl.Length > 0 && !IsOrigin(PublicUrl.TrimEnd('/')))
        {
            yield return new ValidationResult("PublicUrl: http:// or https:// with a host, and nothing after it.", [nameof(PublicUrl)]);
        }

        if (Origins.Any(origin => origin != "*" && !IsOrigin(origin)))
        {
            yield return new ValidationResult("AllowedOrigins: origins such as https://viewer.example, separated by commas.", [nameof(AllowedOrigins)]);
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;
}

[OptionsValidator]
internal sealed partial class DicomWebSettingsValidator : IValidateOptions<DicomWebSettings>;

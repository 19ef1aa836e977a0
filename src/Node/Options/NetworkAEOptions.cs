using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Security.Access;

namespace Panal.Node.Options;

/// <summary>The application entity that this node is, PS3.15 §H.1.1.3, and what an association may cost it.</summary>
internal sealed record NetworkAEOptions : IValidatableObject
{
    public const string Section = "NetworkAE";

    [Description("AE title of this node, 1 to 16 characters, upper and lower case differ (PS3.5 Table 6.2-1).")]
    public string AETitle { get; init; } = "PANAL";

    [Description("Accept associations that call us by another AE title; otherwise they are rejected with reason 7 (PS3.8 Table 9-21).")]
    public bool AcceptAnyCalledAETitle { get; init; }

    [Description("Accept every caller with all rights, for a closed laboratory network only.")]
    public bool Open { get; init; }

    [Description("Associations at one time; one more is rejected as transient, local limit exceeded (2, 3, 2).")]
    [Range(1, 100_000)]
    public int MaximumAssociations { get; init; } = 256;

    [Description("Largest P-DATA PDU that we accept, in bytes; larger PDUs mean fewer reads, and memory grows with it.")]
    [Range(4_096, 1_048_576)]
    public int MaximumPduLengthBytes { get; init; } = 262_144;

    [Description("How long a caller may take to ask for an association or to close after one: the ARTIM timer of PS3.8 §9.1.5.")]
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ArtimTimeout { get; init; } = TimeSpan.FromSeconds(30);

    [Description("How long an association may be silent; modalities keep one open between two patients.")]
    [Range(typeof(TimeSpan), "00:00:05", "24:00:00")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!AeTitle.IsValid(AETitle))
        {
            yield return new ValidationResult("AETitle: 1 to 16 characters of ASCII, no backslash, no control characters.", [nameof(AETitle)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class NetworkAEOptionsValidator : IValidateOptions<NetworkAEOptions>;

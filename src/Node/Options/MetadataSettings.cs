using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Panal.Node.Options;

/// <summary>When the attributes of instances are stored in the catalogue, as DICOMweb answers them.</summary>
internal sealed record MetadataSettings
{
    public const string Section = "Metadata";

    [Description("Store the metadata of each series in the catalogue, in the background, in some 100 to 200 bytes an image: it is answered at once then, without opening files. What is stored already is used in any case.")]
    public bool Stored { get; init; } = true;

    [Description("Seconds in which nothing must have come of a series before its metadata is stored.")]
    [Range(1, 86_400)]
    public int QuietSeconds { get; init; } = 10;

    [Description("Share of one processor core that this may take, in percent.")]
    [Range(1, 100)]
    public int CorePercent { get; init; } = 25;
}

[OptionsValidator]
internal sealed partial class MetadataSettingsValidator : IValidateOptions<MetadataSettings>;

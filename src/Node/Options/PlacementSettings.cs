using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Federation.Placement;

namespace Panal.Node.Options;

/// <summary>Which copies are made before anybody asks for them.</summary>
internal sealed record PlacementSettings : IValidatableObject
{
    public const string Section = "Placement";

    private const long Mebibyte = 1L << 20;

    [Description("So many nodes shall hold each study; this node counts the holders from time to time and has copies made where there are too few. 0: it does not. One node of a network, such as the centre, is enough for it.")]
    [Range(0, 64)]
    public int MinimumHolders { get; init; }

    [Description("How often the holders are counted, in seconds.")]
    [Range(1, 86_400)]
    public int RepairIntervalSeconds { get; init; } = 600;

    [Description("New studies with a series of one of these modalities are fetched here before anybody asks, separated by commas; `*` for all, empty for none.")]
    public string WarmModalities { get; init; } = "";

    [Description("The hours of the local day in which they are, such as `20-6`; empty for all.")]
    public string WarmHours { get; init; } = "";

    [Description("So much is fetched ahead of demand in an hour at most, in MiB; 0 for no limit. A study that has begun comes whole.")]
    [Range(0, 1_000_000_000)]
    public long WarmMebibytesPerHour { get; init; }

    [Description("How often new studies are looked for, in seconds; a study that grew since the last look is left for the next.")]
    [Range(1, 86_400)]
    public int WarmIntervalSeconds { get; init; } = 30;

    [Description("So many earlier studies of the same patient are fetched when a study is opened here; 0 for none.")]
    [Range(0, 32)]
    public int Priors { get; init; }

    /// <summary>As the room of federation takes it.</summary>
    internal PlacementOptions ToOptions() => new()
    {
        MinimumHolders = MinimumHolders,
        RepairInterval = TimeSpan.FromSeconds(RepairIntervalSeconds),
        WarmModalities = RecyclingSettings.SetOf(WarmModalities),
        WarmHours = HourRange.TryParse(WarmHours, out var hours) ? hours : null,
        WarmBytesPerHour = WarmMebibytesPerHour == 0 ? long.MaxValue : WarmMebibytesPerHour * Mebibyte,
        WarmInterval = TimeSpan.FromSeconds(WarmIntervalSeconds),
        Priors = Priors,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WarmHours.Length > 0 && !HourRange.TryParse(WarmHours, out _))
        {
            yield return new ValidationResult("WarmHours: two hours with a hyphen, such as 20-6.", [nameof(WarmHours)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class PlacementSettingsValidator : IValidateOptions<PlacementSettings>;

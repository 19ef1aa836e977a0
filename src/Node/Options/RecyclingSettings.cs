using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Federation.Recycling;

namespace Panal.Node.Options;

/// <summary>What this node drops of what other nodes keep, and what it keeps in any case.</summary>
internal sealed record RecyclingSettings : IValidatableObject
{
    public const string Section = "Recycling";

    private const long Mebibyte = 1L << 20;

    [Description("Whether pixels that other nodes keep are dropped here when room is needed: Auto (members with the role of a replica do, all others keep everything), On or Off. The catalogue still knows what was dropped, and it is fetched again when it is asked for.")]
    [EnumDataType(typeof(RecyclingMode))]
    public RecyclingMode Mode { get; init; } = RecyclingMode.Auto;

    [Description("Room for studies, in MiB; 0 for what they take now and what is free on the volumes beyond their reserve.")]
    [Range(0, 1_000_000_000)]
    public long CapacityMebibytes { get; init; }

    [Description("Share of the room above which studies are dropped, in percent.")]
    [Range(1, 100)]
    public int HighMarkPercent { get; init; } = 90;

    [Description("Share of the room at which dropping ends, in percent; below the high mark, so that it begins rarely.")]
    [Range(0, 100)]
    public int LowMarkPercent { get; init; } = 80;

    [Description("Studies that nobody used for so many days are dropped even when there is room; 0 for never.")]
    [Range(0, 36_500)]
    public int IdleDays { get; init; }

    [Description("Studies that were used or came within so many minutes stay however full it is: somebody may be looking at them.")]
    [Range(0, 100_000)]
    public int RestMinutes { get; init; } = 60;

    [Description("After so many days a use is worth half: what is dropped first was used least, in this sense.")]
    [Range(1, 3_650)]
    public int HalfLifeDays { get; init; } = 30;

    [Description("Studies with one of these modalities stay, separated by commas, such as `MG,CT`.")]
    public string KeepModalities { get; init; } = "";

    [Description("Studies of one of these institutions (Institution Name of a series) stay, separated by commas.")]
    public string KeepInstitutions { get; init; } = "";

    [Description("Studies whose date is less than so many days ago stay; 0 for no such rule.")]
    [Range(0, 36_500)]
    public int KeepDays { get; init; }

    [Description("So many nodes that keep everything must have read a study back from their disks before it is dropped here.")]
    [Range(1, 16)]
    public int Keepers { get; init; } = 1;

    [Description("How often the marks are looked at, in seconds.")]
    [Range(1, 86_400)]
    public int IntervalSeconds { get; init; } = 300;

    /// <summary>As the room of federation takes it.</summary>
    internal RecyclingOptions ToOptions(string folder) => new()
    {
        Folder = folder,
        Mode = Mode,
        CapacityBytes = CapacityMebibytes * Mebibyte,
        HighMark = HighMarkPercent / 100.0,
        LowMark = LowMarkPercent / 100.0,
        Interval = TimeSpan.FromSeconds(IntervalSeconds),
        Rules = new RecyclingRules
        {
            Idle = IdleDays == 0 ? null : TimeSpan.FromDays(IdleDays),
            Rest = TimeSpan.FromMinutes(RestMinutes),
            HalfLife = TimeSpan.FromDays(HalfLifeDays),
            KeptModalities = SetOf(KeepModalities),
            KeptInstitutions = SetOf(KeepInstitutions),
            KeptDays = KeepDays,
            Keepers = Keepers,
        },
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LowMarkPercent >= HighMarkPercent)
        {
            yield return new ValidationResult("LowMarkPercent: must be below HighMarkPercent.", [nameof(LowMarkPercent)]);
        }
    }

    /// <summary>The parts of a text with commas.</summary>
    internal static HashSet<string> SetOf(string text) =>
        new(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);
}

[OptionsValidator]
internal sealed partial class RecyclingSettingsValidator : IValidateOptions<RecyclingSettings>;

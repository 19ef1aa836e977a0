using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Panal.Node.Options;

/// <summary>What transfers between nodes may take of the line and of the disk.</summary>
internal sealed record TransferSettings : IValidatableObject
{
    public const string Section = "Transfers";

    private const int HoursOfDay = 24;
    private const double BytesPerSecondOfKilobit = 125;
    private const long Mebibyte = 1L << 20;

    /// <summary>Rates below this would starve a transfer for longer than others wait for it, in kbit/s.</summary>
    private const int LeastKilobits = 16;

    private const int MostKilobits = 100_000_000;

    [Description("What the line of this node carries upwards, in kbit/s; others leave it so much of the work of passing blocks on.")]
    [Range(LeastKilobits, MostKilobits)]
    public int UplinkKilobitsPerSecond { get; init; } = 800;

    [Description("Most that transfers send, in kbit/s: one rate, or rates by the hour of the local day such as `7-19=400,19-24=700`; hours that are not named, and empty, are without limit.")]
    public string UplinkLimit { get; init; } = "";

    [Description("Free space that transfers leave on the disk of the data folder, in MiB, besides what all of them still need; asked for before the first byte.")]
    [Range(64, 1_000_000_000)]
    public long ReserveMebibytes { get; init; } = 1024;

    [Description("Transfers under way at a time; one more is refused.")]
    [Range(1, 4096)]
    public int MaximumTransfers { get; init; } = 256;

    internal long ReserveBytes => ReserveMebibytes * Mebibyte;

    internal double UplinkBytesPerSecond => UplinkKilobitsPerSecond * BytesPerSecondOfKilobit;

    /// <summary>The limit of each hour, in bytes a second; infinity for none. Call when valid.</summary>
    internal IReadOnlyList<double> UplinkLimits => TryReadLimits(UplinkLimit) ?? throw new InvalidOperationException(nameof(UplinkLimit));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TryReadLimits(UplinkLimit) is null)
        {
            yield return new ValidationResult(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"UplinkLimit: a rate from {LeastKilobits} to {MostKilobits} kbit/s, or rates by hours that do not overlap, such as 7-19=400,19-24=700."),
                [nameof(UplinkLimit)]);
        }
    }

    private static double[]? TryReadLimits(string text)
    {
        var limits = new double[HoursOfDay];
        Array.Fill(limits, double.PositiveInfinity);
        if (string.IsNullOrWhiteSpace(text))
        {
            return limits;
        }

        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var (from, to, rate) = (0, HoursOfDay, part);
            if (part.Split('=', StringSplitOptions.TrimEntries) is [var hours, var rateOfHours])
            {
                rate = rateOfHours;
                if (hours.Split('-', StringSplitOptions.TrimEntries) is not [var first, var last]
                    || !int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out from)
                    || !int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out to))
                {
                    return null;
                }
            }

            if (from >= to || to > HoursOfDay || !int.TryParse(rate, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobits)
                || kilobits is < LeastKilobits or > MostKilobits || limits.AsSpan(from..to).ContainsAnyExcept(double.PositiveInfinity))
            {
                return null;
            }

            limits.AsSpan(from..to).Fill(kilobits * BytesPerSecondOfKilobit);
        }

        return limits;
    }
}

[OptionsValidator]
internal sealed partial class TransferSettingsValidator : IValidateOptions<TransferSettings>;

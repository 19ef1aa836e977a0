using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Panal.Swarm.Transfers;

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
    private const int LongestInterfaceName = 16;        // with its zero, as Linux has them

    [Description("What the line of this node carries upwards, in kbit/s: others leave it so much of the work of passing blocks on, and all links that go over the line share it in turns, so that nothing stands or is lost in the modem's queue. Not given, 800 is taken for the former, and there are no turns.")]
    [Range(LeastKilobits, MostKilobits)]
    public int? UplinkKilobitsPerSecond { get; init; }

    [Description("Most that transfers send over all lines together, in kbit/s, to peers that are not near: one rate, or rates by the hour of the local day such as `7-19=400,19-24=700`; hours that are not named, and empty, are without limit.")]
    public string UplinkLimit { get; init; } = "";

    [Description("What goes to peers that are near counts for `UplinkLimit` too.")]
    public bool LimitsNear { get; init; }

    [Description("Limits of single lines beside that of the node, separated by `;`, each with the peers that it leads to or the interface it leaves by: `10.8.0.0/16 400; ppp0 7-19=400`. The first that fits a peer holds; what goes over it counts for `UplinkLimit` too.")]
    public string LineLimits { get; init; } = "";

    [Description("Addresses and ranges of peers that are near, separated by commas, such as `10.1.0.0/16`: what they hold is asked of them before others. Peers on the same network, or that answer within 2 ms, are recognised, unless a line of `LineLimits` leads to them.")]
    public string NearNetworks { get; init; } = "";

    [Description("Free space that transfers leave on the disk of the data folder, in MiB, besides what all of them still need; asked for before the first byte.")]
    [Range(64, 1_000_000_000)]
    public long ReserveMebibytes { get; init; } = 1024;

    [Description("Transfers under way at a time; one more is refused.")]
    [Range(1, 4096)]
    public int MaximumTransfers { get; init; } = 256;

    internal long ReserveBytes => ReserveMebibytes * Mebibyte;

    internal double? UplinkBytesPerSecond => UplinkKilobitsPerSecond * BytesPerSecondOfKilobit;

    /// <summary>The limit of each hour, in bytes a second; infinity for none. Call when valid.</summary>
    internal IReadOnlyList<double> UplinkLimits => TryReadLimits(UplinkLimit) ?? throw new InvalidOperationException(nameof(UplinkLimit));

    /// <summary>The lines that have limits of their own. Call when valid.</summary>
    internal IReadOnlyList<LineOptions> Lines => TryReadLines(LineLimits) ?? throw new InvalidOperationException(nameof(LineLimits));

    /// <summary>Who is near. Call when valid.</summary>
    internal IReadOnlyList<IPNetwork> Near => AddressList.TryReadNetworks(NearNetworks, out var near) ? near : throw new InvalidOperationException(nameof(NearNetworks));

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

        if (TryReadLines(LineLimits) is null)
        {
            yield return new ValidationResult(
                "LineLimits: lines separated by semicolons, each an address range of peers or an interface and then its limit, such as 10.8.0.0/16 400; ppp0 7-19=400.",
                [nameof(LineLimits)]);
        }

        if (!AddressList.TryReadNetworks(NearNetworks, out _))
        {
            yield return new ValidationResult("NearNetworks: addresses and ranges separated by commas, such as 10.1.0.0/16.", [nameof(NearNetworks)]);
        }
    }

    private static List<LineOptions>? TryReadLines(string text)
    {
        var lines = new List<LineOptions>();
        foreach (var part in string.IsNullOrWhiteSpace(text) ? [] : text.Split(';', StringSplitOptions.TrimEntries))
        {
            if (part.Split(' ', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } where, { Length: > 0 } rates] || TryReadLimits(rates) is not { } limits)
            {
                return null;
            }

            if (AddressList.TryReadNetworks(where, out var peers) && peers is [var range])
            {
                lines.Add(new LineOptions { Peers = range, UplinkLimits = limits });
            }
            else if (where.Length < LongestInterfaceName && !where.Contains('/') && !where.Contains(','))
            {
                lines.Add(new LineOptions { Interface = where, UplinkLimits = limits });
            }
            else
            {
                return null;
            }
        }

        return lines;
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

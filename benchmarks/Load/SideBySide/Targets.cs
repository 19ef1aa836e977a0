using static Panal.Load.SideBySide.Comparison;

namespace Panal.Load.SideBySide;

/// <summary>One promise: what was measured, what was promised, and which direction is good.</summary>
internal sealed record Target(string Text, double Measured, double Promised, bool IsAtMost, string Unit)
{
    public string Mark => double.IsNaN(Measured) ? "–" : (IsAtMost ? Measured <= Promised : Measured >= Promised) ? "✓" : "✗";

    public string Promise => (IsAtMost ? "≤ " : "≥ ") + Promised.ToString(System.Globalization.CultureInfo.InvariantCulture) + Unit;
}

/// <summary>What Panal promises of its speed.</summary>
internal static class Targets
{
    public static IEnumerable<Target> Of(Results results)
    {
        double Ratio(string scenario, string other, Quantity quantity = Quantity.MegabytesPerSecond) =>
            results.Mean(scenario, Ours, quantity) / results.Mean(scenario, other, quantity);
        double StrictLimit(string scenario) => Math.Min(Ratio(scenario, Limit), double.IsNaN(Ratio(scenario, LimitOwnFiles)) ? double.NaN : Ratio(scenario, LimitOwnFiles));
        double Panals(string scenario, Quantity quantity) => results.Highest(scenario, Ours, quantity);

        yield return new("Store on 1 association, × Orthanc", Ratio(Store(1), Orthanc), 3, false, " ×");
        yield return new("Store on 4 associations, × Orthanc", Ratio(Store(4), Orthanc), 3, false, " ×");
        yield return new("Store on 1, of the append+fdatasync limit", Ratio(Store(1), Limit), 0.7, false, "");
        yield return new("Store on 4, of the append+fdatasync limit", Ratio(Store(4), Limit), 0.5, false, "");
        yield return new("Store on 4, of the limit with a file for each writer, if that is higher", StrictLimit(Store(4)), 0.5, false, "");
        foreach (var associations in (int[])[1, 4, 8])
        {
            yield return new($"CPU, {associations} associations", results.Mean(Store(associations), Ours, Quantity.CpuSecondsPerGigabyte), 2, true, " s/GB");
        }

        yield return new("Peak memory, 8 associations", Panals(Store(8), Quantity.PeakMegabytes), 200, true, " MB");
        yield return new("Peak memory, 8 large instances at once", Panals(Large, Quantity.PeakMegabytes), 200, true, " MB");
        yield return new("… and how much more than with slices", Panals(Large, Quantity.PeakMegabytes) - Panals(Store(8), Quantity.PeakMegabytes), 20, true, " MB");
        yield return new("Client without TCP_NODELAY, × Orthanc", Ratio(Careless, Orthanc, Quantity.InstancesPerSecond), 10, false, " ×");
        foreach (var kind in FindLoad.Kinds)
        {
            yield return new($"C-FIND by {kind}, p95 during ingest", Panals(FindKind(kind), Quantity.P95Milliseconds), 5, true, " ms");
        }

        yield return new("C-GET, × Orthanc", Ratio(Get, Orthanc), 2, false, " ×");
        yield return new("C-MOVE, × Orthanc", Ratio(Move, Orthanc), 2, false, " ×");
        yield return new("Start to first C-ECHO, empty", Panals(Fresh, Quantity.StartSeconds), 1.5, true, " s");
        yield return new("Start to first C-ECHO, filled", Panals(Filled, Quantity.StartSeconds), 1.5, true, " s");
        yield return new("Idle memory, empty", Panals(Fresh, Quantity.IdleMegabytes), 120, true, " MB");
        yield return new("Idle memory, filled and restarted", Panals(Filled, Quantity.IdleMegabytes), 120, true, " MB");
        yield return new("Idle memory, after a load", Panals(Loaded, Quantity.IdleMegabytes), 120, true, " MB");
    }
}

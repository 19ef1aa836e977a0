namespace Panal.Load.SideBySide;

/// <summary>The quantities measured; the names stand in the tables.</summary>
internal enum Quantity
{
    MegabytesPerSecond,
    InstancesPerSecond,
    CpuSecondsPerGigabyte,
    PeakMegabytes,
    P50Milliseconds,
    P95Milliseconds,
    StartSeconds,
    IdleMegabytes,
}

/// <summary>All values of a run, several for each cell: one a round.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Scenario, string Server, Quantity Quantity), List<double>> _values = [];

    /// <summary>What went wrong, for the end of the report.</summary>
    public List<string> Failures { get; } = [];

    public void Add(string scenario, string server, Quantity quantity, double value)
    {
        if (!_values.TryGetValue((scenario, server, quantity), out var values))
        {
            _values[(scenario, server, quantity)] = values = [];
        }

        values.Add(value);
    }

    /// <summary>Mean of the rounds; NaN when nothing was measured.</summary>
    public double Mean(string scenario, string server, Quantity quantity) =>
        _values.TryGetValue((scenario, server, quantity), out var values) ? values.Average() : double.NaN;

    /// <summary>Worst, that is highest, of the rounds; NaN when nothing was measured.</summary>
    public double Highest(string scenario, string server, Quantity quantity) =>
        _values.TryGetValue((scenario, server, quantity), out var values) ? values.Max() : double.NaN;

    /// <summary>The values of the rounds, in order, as they stand in a table.</summary>
    public string Cell(string scenario, string server, Quantity quantity) =>
        _values.TryGetValue((scenario, server, quantity), out var values) ? string.Join(" · ", values.Select(Format)) : "–";

    public static string Format(double value) => value switch
    {
        double.NaN => "–",
        >= 100 => FormattableString.Invariant($"{value:N0}"),
        >= 10 => FormattableString.Invariant($"{value:F1}"),
        _ => FormattableString.Invariant($"{value:F2}"),
    };
}

using System.Diagnostics;
using System.Globalization;
using Panal.Conformance.WireClient;

namespace Panal.Load;

/// <summary>Fills an archive with tiny instances, in steps that a file remembers: what was interrupted goes on where it was.</summary>
internal sealed record FillLoad
{
    /// <summary>Instances between two notes; whole studies, so what is interrupted is sent again as it was, and is known.</summary>
    private const int Step = 5_000;

    /// <summary>Instances in all.</summary>
    public int Count { get; init; } = 100_000;

    /// <summary>A divisor of 5,000.</summary>
    public int InstancesPerStudy { get; init; } = 1;

    public int Associations { get; init; } = 4;

    /// <summary>Where the number of instances stands that the archive has.</summary>
    public required string NotePath { get; init; }

    /// <summary>How many of them a note says that there are.</summary>
    public static int Done(string notePath) =>
        File.Exists(notePath) && int.TryParse(File.ReadAllText(notePath), CultureInfo.InvariantCulture, out var done) ? done : 0;

    /// <summary>Sends what is missing and tells of it on the error stream.</summary>
    /// <exception cref="WitnessProtocolException">An instance was not answered with success.</exception>
    public string Execute(WitnessTarget target, CancellationToken ct)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var first = Math.Min(Done(NotePath), Count);
        for (var done = first; done < Count;)
        {
            var step = new StoreLoad
            {
                Associations = Associations,
                PixelBytes = 128,
                InstancesPerStudy = InstancesPerStudy,
                FirstStudy = done / InstancesPerStudy,
                Count = Math.Min(Step, Count - done),
            };
            var result = step.Execute(target, ct);
            ct.ThrowIfCancellationRequested();
            done += result.Instances;
            File.WriteAllText(NotePath + ".new", done.ToString(CultureInfo.InvariantCulture));
            File.Move(NotePath + ".new", NotePath, overwrite: true);
            var left = Stopwatch.GetElapsedTime(startedAt) * ((double)(Count - done) / (done - first));
            Console.Error.WriteLine(FormattableString.Invariant($"  fill: {done:N0} of {Count:N0}, {result.InstancesPerSecond:F0}/s, {left.TotalSeconds:F0} s left"));
        }

        return FormattableString.Invariant($"{Count - first} instances in {Stopwatch.GetElapsedTime(startedAt).TotalSeconds:F0} s; {Count} are there");
    }
}

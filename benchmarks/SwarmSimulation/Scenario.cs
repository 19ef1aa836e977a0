using Panal.Swarm.Transfers;

namespace Panal.SwarmSimulation;

/// <summary>What came out of a scenario; in how much time half of the receivers were complete, and 99 of 100; what the uplinks did meanwhile.</summary>
internal sealed record Outcome(
    string Name, double Promise, double BoundSeconds, double Seconds, double HalfSeconds, double MostSeconds, double FirstImageSeconds, double LastFirstImageSeconds, double? JumpSeconds, double ControlShare, int Duplicates,
    long Events, string Uplinks)
{
    /// <summary>The bound divided by the time of the last receiver; 0 if not all finished.</summary>
    public double Efficiency => double.IsFinite(Seconds) ? BoundSeconds / Seconds : 0;

    public bool IsKept => Efficiency >= Promise;
}

/// <summary>Receivers of a study, their sources and what befalls them.</summary>
internal sealed record Scenario(string Name, double Promise)
{
    public Line[] Sources { get; init; } = [Adsl, Adsl, Adsl];

    public required Line[] Receivers { get; init; }

    /// <summary>When each receiver starts, in seconds; all at once if empty.</summary>
    public double[] Starts { get; init; } = [];

    /// <summary>Objects of 0.5 MiB: 128 are the 64 MiB of the issue.</summary>
    public int Objects { get; init; } = 128;

    /// <summary>The last source is cut at half of the time of the bound; the links notice after so long.</summary>
    public double? CutNoticedAfter { get; init; }

    /// <summary>Share of the blocks of the first source that are false.</summary>
    public double Falsifies { get; init; }

    /// <summary>When the viewer of the first receiver jumps to the last object of the study, in seconds.</summary>
    public double? JumpAt { get; init; }

    /// <summary>Share of the receivers that leave for good while the transfer runs; as many come late.</summary>
    public double? Churn { get; init; }

    public static Line Adsl => Line.Mbit(0.8, 3);

    public static Line[] Same(int count, Line line) => Enumerable.Repeat(line, count).ToArray();

    public double LengthBytes => Objects * 524_288.0;

    /// <summary>The time that no schedule can beat.</summary>
    public double Bound()
    {
        var up = Sources.Sum(l => l.UpBytesPerSecond);
        var all = up + Receivers.Sum(l => l.UpBytesPerSecond);
        var count = Receivers.Length;
        var whole = Math.Max(Math.Max(LengthBytes / up, LengthBytes / Receivers.Min(l => l.DownBytesPerSecond)), count * LengthBytes / all);
        if (CutNoticedAfter is not null)
        {
            var lost = Sources[^1].UpBytesPerSecond;
            var cut = whole / 2;
            return cut + Math.Max((LengthBytes - cut * up) / (up - lost), (count * LengthBytes - cut * all * Math.Min(1, count * LengthBytes / all / whole)) / (all - lost));
        }

        return Starts.Length == 0 ? whole : Staggered(up);
    }

    // For each k: the last k that arrive need k·F after the first of them is there, from all who are there by then.
    private double Staggered(double up)
    {
        var latest = Starts[0] + LengthBytes / up;
        for (var first = 0; first < Starts.Length; first++)
        {
            var (left, time, rate) = ((Starts.Length - first) * LengthBytes, Starts[first], up);
            for (var i = 0; i <= first; i++)
            {
                // Alone, a receiver has nobody to give to.
                rate += first == 0 ? 0 : Receivers[i].UpBytesPerSecond;
            }

            for (var next = first + 1; next < Starts.Length; next++)
            {
                left -= rate * (Starts[next] - time);
                time = Starts[next];
                rate += Receivers[next].UpBytesPerSecond + (first == 0 && next == 1 ? Receivers[0].UpBytesPerSecond : 0);
            }

            latest = Math.Max(latest, time + left / rate);
            latest = Math.Max(latest, Starts[first] + LengthBytes / Receivers[first].DownBytesPerSecond);
        }

        return latest;
    }

    /// <summary>Runs it; the same seed gives the same outcome.</summary>
    public Outcome Run(ulong seed, DownloadOptions options)
    {
        var swarm = new Swarming(seed, Swarming.Study(Objects, 524_288, 43), options)
        {
            Sources = Sources.Length,
            PartBytes = Receivers.Length > 100 ? 70_000 : 16_384,
        };
        var sources = Sources.Select((line, i) => swarm.Add(line, true, i == 0 ? Falsifies : 0)).ToArray();
        var receivers = Receivers.Select(line => swarm.Add(line, false)).ToArray();
        swarm.Lacking = receivers.Length;
        foreach (var source in sources)
        {
            source.Start();
        }

        for (var i = 0; i < receivers.Length; i++)
        {
            var receiver = receivers[i];
            swarm.At(Starts.Length == 0 ? 0 : Starts[i], () =>
            {
                receiver.Start();
                swarm.FindPeers(receiver);
            });
        }

        var bound = Bound();
        if (CutNoticedAfter is { } after)
        {
            var whole = (this with { CutNoticedAfter = null }).Bound();
            swarm.At(whole / 2, () => sources[^1].Stop(after));
        }

        Jump? jump = JumpAt is { } at ? new Jump(swarm, receivers[0], at) : null;
        var churn = Churn is { } share ? new Churn(swarm, receivers, share, bound) : null;
        var census = new Census(swarm);
        census.Start();
        swarm.Run(20 * bound);
        var stayed = swarm.Nodes.Where(n => !n.IsSource && double.IsInfinity(n.StoppedAt)).ToArray();
        var completed = stayed.Select(r => r.CompleteAt).Order().ToArray();
        return new Outcome(
            Name, Promise, churn?.Bound(LengthBytes) ?? bound, completed[^1], completed[completed.Length / 2], completed[(int)(0.99 * (completed.Length - 1))],
            stayed.Min(r => r.FirstImageAt - r.StartedAt), stayed.Max(r => r.FirstImageAt - r.StartedAt), jump?.Seconds,
            swarm.Nodes.Sum(n => n.ControlBytes) / swarm.Nodes.Sum(n => n.SentBytes), receivers.Sum(r => r.Duplicates), swarm.Clock.Happened, census.ToString());
    }
}

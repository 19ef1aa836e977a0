namespace Panal.SwarmSimulation;

/// <summary>Receivers that leave without a word at any time, and others that come instead.</summary>
internal sealed class Churn
{
    private const double NoticedAfter = 3;

    private readonly Swarming _swarm;

    public Churn(Swarming swarm, SimulatedNode[] receivers, double share, double duration)
    {
        _swarm = swarm;
        foreach (var receiver in receivers)
        {
            if (swarm.Random.NextDouble() >= share)
            {
                continue;
            }

            var at = swarm.Random.NextDouble() * duration;
            var late = swarm.Add(receiver.Line, false);
            swarm.Lacking++;
            swarm.At(at, () => receiver.Stop(NoticedAfter));
            // In the first third, so that nobody is expected to do the impossible.
            swarm.At(at / 3, () =>
            {
                late.Start();
                swarm.FindPeers(late);
            });
        }
    }

    /// <summary>The time at which all uplinks that were there have carried what those who stayed needed and those who left took with them.</summary>
    public double Bound(double lengthBytes)
    {
        var needed = _swarm.Nodes.Where(n => !n.IsSource).Sum(n => lengthBytes * n.Download.Have.Count / _swarm.Map.Blocks);
        var steps = _swarm.Nodes.SelectMany(n => new (double Time, double Rate)[] { (n.StartedAt, n.Line.UpBytesPerSecond), (n.StoppedAt, -n.Line.UpBytesPerSecond) })
            .Where(s => double.IsFinite(s.Time)).OrderBy(s => s.Time);
        var (time, rate) = (0.0, 0.0);
        foreach (var step in steps)
        {
            if (needed <= rate * (step.Time - time))
            {
                break;
            }

            needed -= rate * (step.Time - time);
            (time, rate) = (step.Time, rate + step.Rate);
        }

        return time + needed / rate;
    }
}

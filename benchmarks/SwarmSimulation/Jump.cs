namespace Panal.SwarmSimulation;

/// <summary>A viewer that jumps to the last object, and how long it waits for the whole of it.</summary>
internal sealed class Jump
{
    private readonly double _at;
    private double _there;

    public Jump(Swarming swarm, SimulatedNode receiver, double at)
    {
        _at = at;
        var last = swarm.Map.Objects.Length - 1;
        swarm.At(at, () =>
        {
            receiver.Download.Want([last]);
            receiver.Pump();
        });
        receiver.Kept = block => _there = swarm.Map.ObjectOf(block) == last ? swarm.Clock.Now : _there;
    }

    /// <summary>Seconds from the jump to the last block of the object; 0 if it was there before.</summary>
    public double Seconds => Math.Max(0, _there - _at);
}

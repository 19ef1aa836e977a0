using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Federation.Support;

/// <summary>
/// The lines between simulated members: who is linked follows from who runs, which lines are cut, and whom each lets in. Members call it from
/// their threads; the simulation calls it between events only.
/// </summary>
internal sealed class SimulatedNetwork
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, SimulatedMember> _running = [];
    private readonly HashSet<(NodeId, NodeId)> _parted = [];
    private readonly List<(SimulatedWire Wire, Task Serving)> _wires = [];
    private TaskCompletionSource _changed = New();

    /// <summary>Streams that stand, in an order that does not depend on which thread came first.</summary>
    public IReadOnlyList<SimulatedWire> Wires
    {
        get
        {
            lock (_gate)
            {
                foreach (var (wire, _) in _wires.Where(open => open.Wire.IsOver && open.Serving.IsCompleted))
                {
                    wire.Dispose();
                }

                _wires.RemoveAll(open => open.Wire.IsOver && open.Serving.IsCompleted);
                return [.. _wires.Select(open => open.Wire).OrderBy(wire => wire.Members.Opener).ThenBy(wire => wire.Members.Server).ThenBy(wire => wire.Opened.Protocol, StringComparer.Ordinal)];
            }
        }
    }

    public void Start(SimulatedMember member)
    {
        lock (_gate)
        {
            _running[member.Id] = member;
        }

        Change();
    }

    /// <summary>The member is gone at once, with all its streams.</summary>
    public void Stop(SimulatedMember member)
    {
        lock (_gate)
        {
            _running.Remove(member.Id);
        }

        Change();
        Cut(wire => wire.Members.Opener == member.Id || wire.Members.Server == member.Id);
    }

    /// <summary>Cuts or heals the line between two members.</summary>
    public void Part(NodeId one, NodeId other, bool isParted)
    {
        lock (_gate)
        {
            _ = isParted ? _parted.Add(Pair(one, other)) : _parted.Remove(Pair(one, other));
        }

        if (isParted)
        {
            Cut(one, other);
        }

        Change();
    }

    public void Heal()
    {
        lock (_gate)
        {
            _parted.Clear();
        }

        Change();
    }

    /// <summary>Closes every stream between two members; whether they come back is for those who judge.</summary>
    public void Cut(NodeId one, NodeId other)
    {
        Cut(wire => Pair(wire.Members.Opener, wire.Members.Server) == Pair(one, other));
        Change();
    }

    public IReadOnlyCollection<NodeId> LinkedTo(NodeId self)
    {
        lock (_gate)
        {
            return _running.ContainsKey(self) ? [.. _running.Keys.Where(other => other != self && AreLinked(self, other)).Order()] : [];
        }
    }

    public async ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(NodeId self, IReadOnlyCollection<NodeId> known, CancellationToken ct)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                change = _changed.Task;
            }

            var linked = LinkedTo(self);
            if (!linked.ToHashSet().SetEquals(known))
            {
                return linked;
            }

            await change.WaitAsync(ct);
        }
    }

    public ILinkStream Open(NodeId self, NodeId peer, string protocol, LinkPriority priority)
    {
        lock (_gate)
        {
            if (!_running.ContainsKey(self) || !_running.TryGetValue(peer, out var server) || !AreLinked(self, peer))
            {
                throw new LinkException("There is no link.");
            }

            var wire = new SimulatedWire(self, peer, protocol, priority);
            _wires.Add((wire, Task.Run(() => ServeAsync(server, wire), CancellationToken.None)));
            return wire.Opened;
        }
    }

    /// <summary>Something changed that links depend on, such as a roster.</summary>
    public void Change()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = New();
        }

        changed.SetResult();
    }

    private static async Task ServeAsync(SimulatedMember server, SimulatedWire wire)
    {
        await using var stream = wire.Served;
        try
        {
            await server.ServiceOf(stream.Protocol).ServeAsync(stream, wire.Cutting);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // What a service throws ends its stream.
        }
    }

    private void Cut(Predicate<SimulatedWire> which)
    {
        SimulatedWire[] ending;
        lock (_gate)
        {
            ending = [.. _wires.Select(open => open.Wire).Where(wire => which(wire))];
        }

        Array.ForEach(ending, wire => wire.Cut());
    }

    private bool AreLinked(NodeId one, NodeId other) =>
        !_parted.Contains(Pair(one, other)) && _running[one].LetsIn(_running[other]) && _running[other].LetsIn(_running[one]);

    private static (NodeId, NodeId) Pair(NodeId one, NodeId other) => one.CompareTo(other) < 0 ? (one, other) : (other, one);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

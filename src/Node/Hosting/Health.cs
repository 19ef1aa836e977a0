namespace Panal.Node.Hosting;

/// <summary>Says why a part of the node cannot do its work now, or null when it can; answers at once.</summary>
internal delegate string? HealthProbe();

/// <summary>Whether the node can store and find: each room that matters gives a probe.</summary>
internal sealed class Health(IEnumerable<HealthProbe> probes)
{
    private readonly HealthProbe[] _probes = [.. probes];

    /// <summary>All reasons why it cannot; empty when it can.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        foreach (var probe in _probes)
        {
            try
            {
                if (probe() is { } problem)
                {
                    problems.Add(problem);
                }
            }
            catch (Exception e)
            {
                problems.Add(e.GetType().Name);
            }
        }

        return problems;
    }
}

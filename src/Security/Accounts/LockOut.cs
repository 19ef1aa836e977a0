namespace Panal.Security.Accounts;

/// <summary>Shuts a name out for a while after wrong passwords, whether there is such an account or not.</summary>
/// <remarks>
/// In memory: a restart forgets. Four wrong ones cost nothing, the fifth a minute, the next two, up to a quarter of an hour: four
/// guesses an hour at a password of twelve characters, and a person who is shut out by a stranger waits minutes, not a day.
/// </remarks>
internal sealed class LockOut(TimeProvider time)
{
    public const int FreeFailures = 5;

    /// <summary>Names that are remembered; what strangers send cannot fill the memory.</summary>
    public const int NameLimit = 4096;

    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Failures, DateTimeOffset Until, DateTimeOffset At)> _names = [];

    /// <summary>How long the name is still shut out; zero when it is not.</summary>
    public TimeSpan Remaining(string name)
    {
        lock (_gate)
        {
            var remaining = _names.TryGetValue(name, out var known) ? known.Until - time.GetUtcNow() : TimeSpan.Zero;
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Counts a failure.</summary>
    /// <returns>True when the name is shut out by it.</returns>
    public bool Fail(string name)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var failures = _names.TryGetValue(name, out var known) && now - known.At < Memory ? known.Failures + 1 : 1;
            if (!_names.ContainsKey(name) && _names.Count >= NameLimit)
            {
                _names.Remove(_names.MinBy(n => (n.Value.Until, n.Value.At)).Key);
            }

            var doublings = Math.Min(Math.Max(failures - FreeFailures, 0), 8);
            var shut = failures < FreeFailures ? TimeSpan.Zero : First * (1 << doublings);
            _names[name] = (failures, now + (shut < Longest ? shut : Longest), now);
            return failures >= FreeFailures;
        }
    }

    public void Succeed(string name)
    {
        lock (_gate)
        {
            _names.Remove(name);
        }
    }
}

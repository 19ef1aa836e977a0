namespace Panal.Security.Accounts;

/// <summary>Shuts a name out for a while after wrong passwords, whether there is such an account or not.</summary>
/// <remarks>
/// Who is shut out is kept (docs/formats/log-in.md), fewer failures are not: a restart of the node forgives four. Four wrong ones cost nothing, the fifth a minute, the next two, up to a quarter of an hour: four
/// guesses an hour at a password of twelve characters, and a person who is shut out by a stranger waits minutes, not a day.
/// </remarks>
internal sealed class LockOut
{
    public const int FreeFailures = 5;

    /// <summary>Names that are remembered; what strangers send cannot fill the memory.</summary>
    public const int NameLimit = 4096;

    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Failures, DateTimeOffset Until, DateTimeOffset At)> _names = [];
    private readonly string _path;
    private readonly TimeProvider _time;

    /// <param name="folder">The data folder, with what was kept before.</param>
    /// <param name="clock">The clock.</param>
    public LockOut(string folder, TimeProvider clock)
    {
        _time = clock;
        _path = Path.Combine(folder, LogInFiles.LockOutsName);
        foreach (var kept in LogInFiles.Read<KeptLockOut>(_path, static entry => Account.IsValidName(entry.Name) && entry.Failures >= FreeFailures).Take(NameLimit))
        {
            // A clock that was set back since must not shut anybody out for longer than ever.
            var longest = clock.GetUtcNow() + Longest;
            _names[kept.Name] = (kept.Failures, kept.Until < longest ? kept.Until : longest, kept.At);
        }
    }

    /// <summary>How long the name is still shut out; zero when it is not.</summary>
    public TimeSpan Remaining(string name)
    {
        lock (_gate)
        {
            var remaining = _names.TryGetValue(name, out var known) ? known.Until - _time.GetUtcNow() : TimeSpan.Zero;
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Counts a failure.</summary>
    /// <returns>True when the name is shut out by it.</returns>
    public bool Fail(string name)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var failures = _names.TryGetValue(name, out var known) && now - known.At < Memory ? known.Failures + 1 : 1;
            if (!_names.ContainsKey(name) && _names.Count >= NameLimit)
            {
                _names.Remove(_names.MinBy(n => (n.Value.Until, n.Value.At)).Key);
            }

            var doublings = Math.Min(Math.Max(failures - FreeFailures, 0), 8);
            var shut = failures < FreeFailures ? TimeSpan.Zero : First * (1 << doublings);
            _names[name] = (failures, now + (shut < Longest ? shut : Longest), now);
            Keep(name, failures);
            return failures >= FreeFailures;
        }
    }

    public void Succeed(string name)
    {
        lock (_gate)
        {
            if (_names.Remove(name, out var known))
            {
                Keep(name, known.Failures);
            }
        }
    }

    /// <summary>Writes who is shut out, when a name that is or was among them has changed; what cannot be written holds as long as the node runs.</summary>
    private void Keep(string name, int failures)
    {
        if (failures >= FreeFailures && Account.IsValidName(name))
        {
            var now = _time.GetUtcNow();
            LogInFiles.TryWrite(_path, [
                .. _names.Where(known => known.Value.Failures >= FreeFailures && now - known.Value.At < Memory && Account.IsValidName(known.Key)).Select(
                    static known => new KeptLockOut { Name = known.Key, Failures = known.Value.Failures, Until = known.Value.Until, At = known.Value.At }),
            ]);
        }
    }
}

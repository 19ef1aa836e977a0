namespace Panal.Security.Accounts;

/// <summary>The one-time passwords that were taken last: each counts once, after a restart of the node too (RFC 6238 §5.2, docs/formats/log-in.md).</summary>
internal sealed class UsedCodes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _steps = [];
    private readonly string _path;

    /// <param name="folder">The data folder, with what was kept before.</param>
    public UsedCodes(string folder)
    {
        _path = Path.Combine(folder, LogInFiles.UsedCodesName);
        foreach (var kept in LogInFiles.Read<KeptCode>(_path, static entry => Account.IsValidName(entry.Name) && entry.Step is > 0 and < int.MaxValue))
        {
            _steps[kept.Name] = kept.Step;
        }
    }

    /// <summary>Takes a code of an account when it is right and no later one was taken; what cannot be written holds as long as the node runs.</summary>
    public bool TryTake(string name, string key, string code, DateTimeOffset now)
    {
        lock (_gate)
        {
            // A code of a clock that was set back since keeps nobody out, nor need old ones be remembered.
            foreach (var (other, _) in _steps.Where(known => !OneTimePassword.IsInTime(known.Value, now)).ToArray())
            {
                _steps.Remove(other);
            }

            if (!OneTimePassword.TryVerify(key, code, now, _steps.GetValueOrDefault(name), out var step))
            {
                return false;
            }

            _steps[name] = step;
            LogInFiles.TryWrite(_path, [.. _steps.Select(static known => new KeptCode { Name = known.Key, Step = known.Value })]);
            return true;
        }
    }
}

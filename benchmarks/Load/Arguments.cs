using System.Globalization;
using Panal.Conformance.WireClient;

namespace Panal.Load;

/// <summary>The options behind the mode: `--name value` or `--name` alone.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new UsageException($"'{arguments[i]}' is not an option.");
            }

            var hasValue = i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            _values[arguments[i][2..]] = hasValue ? arguments[i + 1] : "";
            i += hasValue ? 1 : 0;
        }
    }

    public WitnessTarget Target => new(
        Text("host", "127.0.0.1"), (int)Number("port", 11_112), Text("called", "PANAL"), Text("calling", "WITNESS"),
        (int)Number("max-pdu", 1 << 20), NoDelay: !Flag("nagle"));

    public string Text(string name, string fallback)
    {
        _asked.Add(name);
        return _values.GetValueOrDefault(name, fallback);
    }

    public bool Flag(string name)
    {
        _asked.Add(name);
        return _values.ContainsKey(name);
    }

    public long Number(string name, long fallback) =>
        Text(name, "") is { Length: > 0 } text ? long.Parse(text, NumberStyles.AllowThousands | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : fallback;

    /// <exception cref="UsageException">An option was given that nothing asked for.</exception>
    public void ThrowIfUnknown()
    {
        var unknown = _values.Keys.Except(_asked, StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new UsageException($"Unknown: --{string.Join(", --", unknown)}.");
        }
    }
}

/// <summary>The command line asks for something that does not exist.</summary>
internal sealed class UsageException(string message) : Exception(message);

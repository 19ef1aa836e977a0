using System.Text;

namespace Panal.Swarm.Transfers;

/// <summary>What the objects of a transfer belong to: a name that holder and receiver agree on, and by which the holder knows who may see them.</summary>
public readonly record struct TransferScope
{
    /// <summary>Longest name, in bytes.</summary>
    public const int MaxBytes = 128;

    private readonly string? _name;

    /// <summary>A scope of this name.</summary>
    /// <exception cref="ArgumentException">The name is not 1 to 128 printable characters of ASCII.</exception>
    public TransferScope(string name)
    {
        if (!IsName(name))
        {
            throw new ArgumentException("A scope is named by 1 to 128 printable characters of ASCII.", nameof(name));
        }

        _name = name;
    }

    /// <summary>The name, 1 to 128 printable characters of ASCII.</summary>
    public string Name => _name ?? "";

    internal ReadOnlySpan<byte> Bytes => Encoding.ASCII.GetBytes(Name);

    /// <summary>May identify a study.</summary>
    public override string ToString() => "[redacted]";

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out TransferScope scope)
    {
        scope = default;
        var name = Encoding.Latin1.GetString(bytes);
        if (!IsName(name))
        {
            return false;
        }

        scope = new TransferScope(name);
        return true;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= MaxBytes && name.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;
}

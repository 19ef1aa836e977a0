namespace Panal.Federation.Broker;

/// <summary>How a broker is doing.</summary>
public sealed record BrokerStatus
{
    /// <summary>What it was told.</summary>
    public required BrokerDefinition Definition { get; init; }

    /// <summary>Studies that the archive offers.</summary>
    public required long Studies { get; init; }

    /// <summary>Instances that the archive offers.</summary>
    public required long Instances { get; init; }

    /// <summary>Windows of the sweep that are done.</summary>
    public required long WindowsDone { get; init; }

    /// <summary>Windows of the sweep that are known to be left; each may be split.</summary>
    public required int WindowsLeft { get; init; }

    /// <summary>When everything was swept last.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When what is new was looked at last.</summary>
    public DateTimeOffset? PolledAt { get; init; }

    /// <summary>Requests since the node started.</summary>
    public required long Requests { get; init; }

    /// <summary>Studies about which the archive contradicts itself: what it lists may not be all.</summary>
    public required int Doubtful { get; init; }

    /// <summary>What it said last that cannot be.</summary>
    public string? LastDoubt { get; init; }

    /// <summary>Studies that it had no more, since the node started.</summary>
    public required long StudiesDropped { get; init; }

    /// <summary>Instances that came on demand, since the node started.</summary>
    public required long InstancesRetrieved { get; init; }

    /// <summary>Instances that it offers and did not give, since the node started.</summary>
    public required long InstancesMissing { get; init; }

    /// <summary>Instances that were sent to it, since the node started.</summary>
    public required long InstancesForwarded { get; init; }

    /// <summary>Studies whose instances wait to be sent to it.</summary>
    public required int ForwardsWaiting { get; init; }

    /// <summary>Why it cannot be asked now.</summary>
    public string? Trouble { get; init; }
}

/// <summary>A broker cannot be added, removed or asked; the text says why.</summary>
public sealed class BrokerException(string message) : Exception(message);

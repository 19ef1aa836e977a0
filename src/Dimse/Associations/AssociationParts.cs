using Microsoft.Extensions.Logging;

namespace Panal.Dimse;

/// <summary>What an association is made of, once it is negotiated.</summary>
internal sealed record AssociationParts(long Number, UpperLayerConnection Connection, AssociationOptions Options, bool IsRequestor)
{
    public required IDimseService? Service { get; init; }

    public required ILogger Logger { get; init; }

    public required TimeProvider Time { get; init; }

    public required string CallingAeTitle { get; init; }

    public required string CalledAeTitle { get; init; }

    public required Peer Peer { get; init; }

    public required IReadOnlyList<PresentationContext> Contexts { get; init; }

    public required UserInformation PeerInformation { get; init; }

    public required IReadOnlyList<ExtendedNegotiation> ExtendedNegotiation { get; init; }

    public required AsynchronousOperationsWindow Window { get; init; }
}

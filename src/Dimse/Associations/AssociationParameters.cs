namespace Panal.Dimse;

/// <summary>What a requestor asks for when it opens an association.</summary>
/// <param name="CallingAeTitle">Our title, 1 to 16 characters.</param>
/// <param name="CalledAeTitle">The peer's title, 1 to 16 characters.</param>
/// <param name="Contexts">1 to 128 contexts, each with its own odd number.</param>
public sealed record AssociationParameters(
    string CallingAeTitle, string CalledAeTitle, IReadOnlyList<ProposedPresentationContext> Contexts)
{
    public IReadOnlyList<RoleSelection> Roles { get; init; } = [];

    public IReadOnlyList<ExtendedNegotiation> ExtendedNegotiation { get; init; } = [];

    public IReadOnlyList<CommonExtendedNegotiation> CommonExtendedNegotiation { get; init; } = [];

    public UserIdentity? UserIdentity { get; init; }
}

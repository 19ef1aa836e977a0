namespace Panal.Dimse;

/// <summary>How many operations may be outstanding at once; 0 is no limit (PS3.7 §D.3.3.3).</summary>
/// <param name="Invoked">Operations that the association's requestor may have invoked.</param>
/// <param name="Performed">Operations that the association's requestor may be performing, so that its acceptor may have invoked.</param>
public readonly record struct AsynchronousOperationsWindow(ushort Invoked, ushort Performed)
{
    /// <summary>The default, when neither side says otherwise: one each way (PS3.7 §D.3.3.3).</summary>
    public static AsynchronousOperationsWindow Synchronous => new(1, 1);

    /// <summary>The smaller of two windows, where 0 is no limit.</summary>
    public AsynchronousOperationsWindow Narrow(AsynchronousOperationsWindow other) =>
        new(Narrow(Invoked, other.Invoked), Narrow(Performed, other.Performed));

    private static ushort Narrow(ushort one, ushort other) =>
        one == 0 ? other : other == 0 ? one : Math.Min(one, other);
}

/// <summary>Which roles the association's requestor takes for a SOP class (PS3.7 §D.3.3.4).</summary>
/// <param name="SopClassUid">The SOP class.</param>
/// <param name="Scu">The requestor invokes operations.</param>
/// <param name="Scp">The requestor performs operations.</param>
public sealed record RoleSelection(string SopClassUid, bool Scu, bool Scp);

/// <summary>SOP Class Extended Negotiation: bytes whose meaning the service class gives (PS3.7 §D.3.3.5).</summary>
public sealed record ExtendedNegotiation(string SopClassUid, ReadOnlyMemory<byte> ApplicationInformation)
{
    public bool Equals(ExtendedNegotiation? other) =>
        other is not null && SopClassUid == other.SopClassUid && ApplicationInformation.Span.SequenceEqual(other.ApplicationInformation.Span);

    public override int GetHashCode() => HashCode.Combine(SopClassUid, ApplicationInformation.Length);
}

/// <summary>SOP Class Common Extended Negotiation: the service class and the general classes of a SOP class (PS3.7 §D.3.3.6).</summary>
public sealed record CommonExtendedNegotiation(string SopClassUid, string ServiceClassUid, IReadOnlyList<string> RelatedGeneralSopClassUids);

/// <summary>Kinds of user identity (PS3.7 §D.3.3.7, Table D.3-14).</summary>
public enum UserIdentityType : byte
{
    UserName = 1,
    UserNameAndPasscode = 2,
    Kerberos = 3,
    Saml = 4,
    JsonWebToken = 5,
}

/// <summary>Who the user says to be (PS3.7 §D.3.3.7); prints nothing of it.</summary>
public sealed record UserIdentity(
    UserIdentityType Type, bool PositiveResponseRequested, ReadOnlyMemory<byte> PrimaryField, ReadOnlyMemory<byte> SecondaryField)
{
    public bool Equals(UserIdentity? other) =>
        other is not null && Type == other.Type && PositiveResponseRequested == other.PositiveResponseRequested
        && PrimaryField.Span.SequenceEqual(other.PrimaryField.Span) && SecondaryField.Span.SequenceEqual(other.SecondaryField.Span);

    public override int GetHashCode() => HashCode.Combine(Type, PrimaryField.Length, SecondaryField.Length);

    public override string ToString() => $"UserIdentity {Type} [redacted]";
}

/// <summary>The user information item of A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 §9.3.2.3 and Annex D, PS3.7 Annex D).</summary>
public sealed record UserInformation
{
    /// <summary>Longest P-DATA-TF body that the sender of this item receives, in bytes; 0 is no limit (PS3.8 §D.1).</summary>
    public uint MaximumLengthBytes { get; init; }

    /// <summary>Mandatory by PS3.7 §D.3.3.2; empty when a peer left it out.</summary>
    public string ImplementationClassUid { get; init; } = string.Empty;

    /// <summary>1 to 16 characters, or null.</summary>
    public string? ImplementationVersionName { get; init; }

    /// <summary>Null when the sender says nothing: synchronous.</summary>
    public AsynchronousOperationsWindow? AsynchronousOperations { get; init; }

    public IReadOnlyList<RoleSelection> Roles { get; init; } = [];

    public IReadOnlyList<ExtendedNegotiation> ExtendedNegotiation { get; init; } = [];

    public IReadOnlyList<CommonExtendedNegotiation> CommonExtendedNegotiation { get; init; } = [];

    /// <summary>In A-ASSOCIATE-RQ alone.</summary>
    public UserIdentity? UserIdentity { get; init; }

    /// <summary>In A-ASSOCIATE-AC alone; null when none was asked for.</summary>
    public ReadOnlyMemory<byte>? UserIdentityResponse { get; init; }
}

namespace Panal.Security.Audit;

/// <summary>A coded value of an audit message, PS3.15 §A.5.2.</summary>
/// <param name="Code">csd-code.</param>
/// <param name="System">codeSystemName, "DCM" for PS3.16 Annex D.</param>
/// <param name="Text">originalText; the schema wants one.</param>
public sealed record AuditCode(string Code, string System, string Text)
{
    internal static AuditCode Dcm(string code, string text) => new(code, "DCM", text);

    internal static AuditCode Rfc3881(string code, string text) => new(code, "RFC-3881", text);
}

/// <summary>EventActionCode, PS3.15 §A.5.2.</summary>
public enum AuditAction
{
    /// <summary>C</summary>
    Create,

    /// <summary>R</summary>
    Read,

    /// <summary>U</summary>
    Update,

    /// <summary>D</summary>
    Delete,

    /// <summary>E</summary>
    Execute,
}

/// <summary>EventOutcomeIndicator, PS3.15 §A.5.2; the numbers are the standard's.</summary>
public enum AuditOutcome
{
    /// <summary>It was done.</summary>
    Success = 0,

    /// <summary>It was refused or failed; try again.</summary>
    MinorFailure = 4,

    /// <summary>It failed seriously.</summary>
    SeriousFailure = 8,

    /// <summary>Something can no longer be used.</summary>
    MajorFailure = 12,
}

/// <summary>Who took part: ActiveParticipant, PS3.15 §A.5.2.</summary>
public sealed record AuditParticipant
{
    /// <summary>Who it is: a process, a person, an application.</summary>
    public required string UserId { get; init; }

    /// <summary>AE titles of the participant.</summary>
    public IReadOnlyList<string> AeTitles { get; init; } = [];

    /// <summary>True for the one that started the event; one in a message at most.</summary>
    public bool IsRequestor { get; init; }

    /// <summary>What part it took.</summary>
    public AuditCode? Role { get; init; }

    /// <summary>IP address or host name of the participant.</summary>
    public string NetworkAccessPoint { get; init; } = "";
}

/// <summary>What was touched: ParticipantObjectIdentification, PS3.15 §A.5.2.</summary>
public sealed record AuditObject
{
    /// <summary>What the ID is.</summary>
    public required AuditCode IdType { get; init; }

    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>1 person, 2 system object, 3 organization.</summary>
    public int TypeCode { get; init; } = 2;

    /// <summary>1 patient, 3 report (a study), 12 resource, 24 query …; 0 leaves it out.</summary>
    public int RoleCode { get; init; }

    /// <summary>A name; the schema wants a name or a query, so an empty one is written.</summary>
    public string Name { get; init; } = "";

    /// <summary>The query as sent, instead of a name.</summary>
    public ReadOnlyMemory<byte>? Query { get; init; }

    /// <summary>ParticipantObjectDetail: type and value.</summary>
    public IReadOnlyList<(string Type, string Value)> Details { get; init; } = [];

    /// <summary>Accession numbers of a study.</summary>
    public IReadOnlyList<string> AccessionNumbers { get; init; } = [];

    /// <summary>SOP classes of a study and how many instances of each.</summary>
    public IReadOnlyList<(string SopClassUid, int Instances)> SopClasses { get; init; } = [];
}

/// <summary>One record of the audit trail, PS3.15 §A.5. It holds identities: it belongs in the trail and nowhere else.</summary>
public sealed record AuditMessage
{
    /// <summary>What happened.</summary>
    public required AuditCode EventId { get; init; }

    /// <summary>Which kind of it.</summary>
    public AuditCode? EventType { get; init; }

    /// <summary>What was done to the objects.</summary>
    public required AuditAction Action { get; init; }

    /// <summary>How it ended.</summary>
    public AuditOutcome Outcome { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<AuditParticipant> Participants { get; init; }

    /// <summary>May be none.</summary>
    public IReadOnlyList<AuditObject> Objects { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"[redacted] {EventId.Text}";
}

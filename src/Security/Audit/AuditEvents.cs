using System.Net;

namespace Panal.Security.Audit;

/// <summary>An application entity as it takes part in an event.</summary>
/// <param name="AeTitle">Its AE title.</param>
/// <param name="Address">Its address; null when it is not known.</param>
public sealed record AuditParty(string AeTitle, IPAddress? Address)
{
    /// <summary>True for a person or program with an account, whose name then stands for the title.</summary>
    public bool IsAccount { get; init; }
}

/// <summary>A person or program with an account as it takes part in an event.</summary>
/// <param name="Name">Name of its account, or what it called itself; may be empty.</param>
/// <param name="Address">Its address; null when it is not known.</param>
public sealed record AuditPerson(string Name, IPAddress? Address);

/// <summary>The studies of one patient that an event touched.</summary>
/// <param name="PatientId">Patient ID as stored; may be empty.</param>
/// <param name="PatientName">Patient's Name as stored; may be empty.</param>
/// <param name="Studies">At least one.</param>
public sealed record AuditPatient(string PatientId, string PatientName, IReadOnlyList<AuditStudy> Studies)
{
    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}

/// <summary>One study that an event touched.</summary>
/// <param name="StudyInstanceUid">Its UID.</param>
/// <param name="AccessionNumber">Its accession number; may be empty.</param>
/// <param name="SopClasses">SOP classes touched, and how many instances of each.</param>
public sealed record AuditStudy(string StudyInstanceUid, string AccessionNumber, IReadOnlyList<(string SopClassUid, int Instances)> SopClasses)
{
    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}

/// <summary>Makes the messages of PS3.15 §A.5.3 that this node writes. One patient a message, one message a burst.</summary>
public static class AuditEvents
{
    private static readonly AuditCode ApplicationRole = AuditCode.Dcm("110150", "Application");
    private static readonly AuditCode SourceRole = AuditCode.Dcm("110153", "Source Role ID");
    private static readonly AuditCode DestinationRole = AuditCode.Dcm("110152", "Destination Role ID");

    /// <summary>The node starts (PS3.15 §A.5.3.1).</summary>
    public static AuditMessage ApplicationStarted(string device, string aeTitle) =>
        ApplicationActivity(device, aeTitle, AuditCode.Dcm("110120", "Application Start"));

    /// <summary>The node stops (PS3.15 §A.5.3.1).</summary>
    public static AuditMessage ApplicationStopped(string device, string aeTitle) =>
        ApplicationActivity(device, aeTitle, AuditCode.Dcm("110121", "Application Stop"));

    /// <summary>A burst of instances is about to go from source to destination (PS3.15 §A.5.3.3).</summary>
    /// <param name="sourceIsRequestor">True when the source started the transfer.</param>
    public static AuditMessage BeginTransferring(AuditParty source, AuditParty destination, bool sourceIsRequestor, AuditPatient patient) => new()
    {
        EventId = AuditCode.Dcm("110102", "Begin Transferring DICOM Instances"),
        Action = AuditAction.Execute,
        Participants = Transfer(source, destination, sourceIsRequestor),
        Objects = ObjectsOf(patient),
    };

    /// <summary>A burst of instances went from source to destination (PS3.15 §A.5.3.7).</summary>
    /// <param name="action">Create when they are new here, Read when they were sent or already here.</param>
    public static AuditMessage InstancesTransferred(
        AuditParty source, AuditParty destination, bool sourceIsRequestor, AuditPatient patient, AuditAction action, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110104", "DICOM Instances Transferred"),
        Action = action,
        Outcome = outcome,
        Participants = Transfer(source, destination, sourceIsRequestor),
        Objects = ObjectsOf(patient),
    };

    /// <summary>Instances were looked at, changed or deleted here (PS3.15 §A.5.3.6).</summary>
    public static AuditMessage InstancesAccessed(AuditParty by, AuditPatient patient, AuditAction action, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110103", "DICOM Instances Accessed"),
        Action = action,
        Outcome = outcome,
        Participants = [Participant(by, null, isRequestor: true)],
        Objects = ObjectsOf(patient),
    };

    /// <summary>A study was deleted here, or was to be (PS3.15 §A.5.3.5).</summary>
    /// <param name="by">Who.</param>
    /// <param name="patient">The study and its patient.</param>
    /// <param name="reason">Why, for a person.</param>
    /// <param name="outcome">How it ended.</param>
    public static AuditMessage StudyDeleted(AuditParty by, AuditPatient patient, string reason, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110105", "DICOM Study Deleted"),
        Action = AuditAction.Delete,
        Outcome = outcome,
        Participants = [Participant(by, null, isRequestor: true)],
        Objects = [.. ObjectsOf(patient).Select(one => one.RoleCode == 3 ? one with { Details = [("Reason", reason)] } : one)],
    };

    /// <summary>Somebody asked what there is (PS3.15 §A.5.3.10).</summary>
    /// <param name="query">The identifier as it was sent.</param>
    public static AuditMessage Query(
        AuditParty by, AuditParty us, string sopClassUid, string transferSyntaxUid, ReadOnlyMemory<byte> query, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110112", "Query"),
        Action = AuditAction.Execute,
        Outcome = outcome,
        Participants = Transfer(by, us, sourceIsRequestor: true),
        Objects =
        [
            new AuditObject
            {
                IdType = AuditCode.Dcm("110181", "SOP Class UID"),
                Id = sopClassUid,
                RoleCode = 3,
                Query = query,
                Details = [("TransferSyntax", transferSyntaxUid)],
            },
        ],
    };

    /// <summary>Somebody was turned away, or something else happened that the security officer should see (PS3.15 §A.5.3.11).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="by">Who it was; null when nothing is known.</param>
    /// <param name="description">What happened, for a person.</param>
    public static AuditMessage SecurityAlert(string device, AuditParty? by, SecurityAlertType type, string description) => new()
    {
        EventId = AuditCode.Dcm("110113", "Security Alert"),
        EventType = CodeOf(type),
        Action = AuditAction.Execute,
        Outcome = AuditOutcome.MinorFailure,
        Participants =
        [
            new AuditParticipant { UserId = device, Role = ApplicationRole },
            .. by is null ? (AuditParticipant[])[] : [Participant(by, null, isRequestor: true)],
        ],
        Objects =
        [
            new AuditObject
            {
                IdType = AuditCode.Dcm("110182", "Node ID"),
                Id = by?.Address?.ToString() ?? device,
                RoleCode = 12,
                Details = [("Alert Description", description)],
            },
        ],
    };

    /// <summary>A node entered or left the network of this one (PS3.15 §A.5.3.8).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="peer">Name of the other node.</param>
    /// <param name="address">Where it is; empty when not known.</param>
    /// <param name="isEntry">False when it left.</param>
    public static AuditMessage NetworkEntry(string device, string peer, string address, bool isEntry) => new()
    {
        EventId = AuditCode.Dcm("110108", "Network Entry"),
        EventType = isEntry ? AuditCode.Dcm("110124", "Attach") : AuditCode.Dcm("110125", "Detach"),
        Action = AuditAction.Execute,
        Participants = [new AuditParticipant { UserId = peer, NetworkAccessPoint = address }, new AuditParticipant { UserId = device, Role = ApplicationRole }],
    };

    /// <summary>Somebody read the audit trail (PS3.15 §A.5.3.2).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="by">Who.</param>
    public static AuditMessage AuditLogUsed(string device, AuditPerson by) => new()
    {
        EventId = AuditCode.Dcm("110101", "Audit Log Used"),
        Action = AuditAction.Read,
        Participants = [Participant(by)],
        Objects =
        [
            new AuditObject
            {
                IdType = AuditCode.Rfc3881("12", "URI"),
                Id = "audit:" + device,
                RoleCode = 13,
                Name = "Security Audit Log",
            },
        ],
    };

    /// <summary>Who is in the network was changed, or was to be (PS3.15 §A.5.3.11, Security Configuration).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="by">Where it was asked for; null on the machine of the node.</param>
    /// <param name="description">What was done, for a person.</param>
    /// <param name="outcome">Whether it was done.</param>
    public static AuditMessage SecurityConfigured(string device, IPAddress? by, string description, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110113", "Security Alert"),
        EventType = AuditCode.Dcm("110129", "Security Configuration"),
        Action = AuditAction.Execute,
        Outcome = outcome,
        Participants =
        [
            new AuditParticipant { UserId = device, Role = ApplicationRole },
            new AuditParticipant { UserId = by is null ? Environment.UserName : by.ToString(), IsRequestor = true, NetworkAccessPoint = by?.ToString() ?? "" },
        ],
        Objects =
        [
            new AuditObject
            {
                IdType = AuditCode.Dcm("110182", "Node ID"),
                Id = device,
                RoleCode = 12,
                Details = [("Alert Description", description)],
            },
        ],
    };

    /// <summary>A person or program logged in or out, or tried to (PS3.15 §A.5.3.12).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="by">Who; what was typed when nobody is known by it.</param>
    /// <param name="isLogin">True for a log-in.</param>
    /// <param name="outcome">How it ended.</param>
    public static AuditMessage UserAuthentication(string device, AuditPerson by, bool isLogin, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110114", "User Authentication"),
        EventType = isLogin ? AuditCode.Dcm("110122", "Login") : AuditCode.Dcm("110123", "Logout"),
        Action = AuditAction.Execute,
        Outcome = outcome,
        Participants =
        [
            Participant(by),
            new AuditParticipant { UserId = device, Role = ApplicationRole },
        ],
    };

    /// <summary>The security officer should see what a person did or was refused (PS3.15 §A.5.3.11).</summary>
    /// <param name="device">Name of this node.</param>
    /// <param name="by">Who it was.</param>
    /// <param name="type">What it is about.</param>
    /// <param name="subject">The account, token or study that it is about; may be empty.</param>
    /// <param name="description">What happened, for a person.</param>
    /// <param name="outcome">How it ended.</param>
    public static AuditMessage SecurityAlert(
        string device, AuditPerson by, SecurityAlertType type, string subject, string description, AuditOutcome outcome) => new()
    {
        EventId = AuditCode.Dcm("110113", "Security Alert"),
        EventType = CodeOf(type),
        Action = AuditAction.Execute,
        Outcome = outcome,
        Participants =
        [
            new AuditParticipant { UserId = device, Role = ApplicationRole },
            Participant(by),
        ],
        Objects =
        [
            new AuditObject
            {
                IdType = AuditCode.Dcm("110182", "Node ID"),
                Id = subject.Length > 0 ? subject : device,
                // 11 security user entity, 13 security resource (PS3.15 Table A.5.2-1).
                RoleCode = type == SecurityAlertType.UserSecurityAttributesChanged ? 11 : 13,
                Details = [("Alert Description", description)],
            },
        ],
    };

    private static AuditCode CodeOf(SecurityAlertType type) => type switch
    {
        SecurityAlertType.NetworkAccess => AuditCode.Dcm("110126", "Node Authentication"),
        SecurityAlertType.ObjectSecurityAttributesChanged => AuditCode.Dcm("110135", "Object Security Attributes Changed"),
        SecurityAlertType.UserSecurityAttributesChanged => AuditCode.Dcm("110137", "User security Attributes Changed"),
        _ => AuditCode.Dcm("110132", "Use of Restricted Function"),
    };

    private static AuditParticipant Participant(AuditPerson person) => new()
    {
        UserId = person.Name.Length > 0 ? person.Name : person.Address?.ToString() ?? "unknown",
        IsRequestor = true,
        NetworkAccessPoint = person.Address?.ToString() ?? "",
    };

    private static AuditMessage ApplicationActivity(string device, string aeTitle, AuditCode type) => new()
    {
        EventId = AuditCode.Dcm("110100", "Application Activity"),
        EventType = type,
        Action = AuditAction.Execute,
        Participants =
        [
            new AuditParticipant { UserId = device, AeTitles = [aeTitle], Role = ApplicationRole },
            new AuditParticipant { UserId = Environment.UserName, IsRequestor = true, Role = AuditCode.Dcm("110151", "Application Launcher") },
        ],
    };

    private static IReadOnlyList<AuditParticipant> Transfer(AuditParty source, AuditParty destination, bool sourceIsRequestor) =>
    [
        Participant(source, SourceRole, sourceIsRequestor),
        Participant(destination, DestinationRole, !sourceIsRequestor),
    ];

    private static AuditParticipant Participant(AuditParty party, AuditCode? role, bool isRequestor) => new()
    {
        UserId = party.AeTitle.Length > 0 ? party.AeTitle : party.Address?.ToString() ?? "unknown",
        AeTitles = party.AeTitle.Length > 0 && !party.IsAccount ? [party.AeTitle] : [],
        Role = role,
        IsRequestor = isRequestor,
        NetworkAccessPoint = party.Address?.ToString() ?? "",
    };

    private static IReadOnlyList<AuditObject> ObjectsOf(AuditPatient patient) =>
    [
        .. patient.Studies.Select(study => new AuditObject
        {
            IdType = AuditCode.Dcm("110180", "Study Instance UID"),
            Id = study.StudyInstanceUid,
            RoleCode = 3,
            AccessionNumbers = study.AccessionNumber.Length > 0 ? [study.AccessionNumber] : [],
            SopClasses = study.SopClasses,
        }),
        new AuditObject
        {
            IdType = AuditCode.Rfc3881("2", "Patient Number"),
            Id = patient.PatientId,
            TypeCode = 1,
            RoleCode = 1,
            Name = patient.PatientName,
        },
    ];
}

/// <summary>What a security alert is about, PS3.16 CID 403.</summary>
public enum SecurityAlertType
{
    /// <summary>A caller could not show who it is: unknown AE, wrong address or certificate, failed TLS.</summary>
    NetworkAccess,

    /// <summary>A known caller wanted what it may not do.</summary>
    RestrictedFunction,

    /// <summary>Who may see a study changed: it was shared, or a share ended.</summary>
    ObjectSecurityAttributesChanged,

    /// <summary>An account, its password, its rights or its tokens changed.</summary>
    UserSecurityAttributesChanged,
}

using System.Text.Json.Serialization;
using Panal.Federation.Broker;
using Panal.Federation.Recycling;
using Panal.Node.Admin;
using Panal.Node.Options;
using Panal.Security.Access;

namespace Panal.Node.Operation;

/// <summary>How the node is at one moment.</summary>
/// <param name="Name">Name of the device.</param>
/// <param name="AeTitle">Its AE title.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Problems">Why it cannot work; empty when it can.</param>
/// <param name="Patients">Patients in the catalogue.</param>
/// <param name="Studies">Studies.</param>
/// <param name="Series">Series.</param>
/// <param name="Instances">Instances.</param>
/// <param name="Bytes">Bytes of what is held here.</param>
/// <param name="StagedObjects">Objects that wait for their volume.</param>
/// <param name="StagedBytes">Their bytes.</param>
/// <param name="WaitingJobs">Jobs that wait.</param>
/// <param name="FailedJobs">Jobs that were given up.</param>
/// <param name="OpenConflicts">Conflicts that nobody has resolved, up to a hundred.</param>
/// <param name="Volumes">Where things lie.</param>
internal sealed record OperationView(
    string Name, string AeTitle, string Version, DateTimeOffset StartedAt, IReadOnlyList<string> Problems,
    long Patients, long Studies, long Series, long Instances, long Bytes, int StagedObjects, long StagedBytes,
    int WaitingJobs, int FailedJobs, int OpenConflicts, IReadOnlyList<VolumeView> Volumes);

/// <summary>A volume.</summary>
internal sealed record VolumeView(int Id, string Group, string Path, string State, string Reason, long FreeBytes, long ReserveBytes);

/// <summary>What the node measured of itself, at equal distances in time.</summary>
/// <param name="IntervalSeconds">Between two values.</param>
/// <param name="EndsAt">When the last value was taken.</param>
/// <param name="Series">Values by name, the oldest first; rates are per second.</param>
internal sealed record HistoryView(double IntervalSeconds, DateTimeOffset EndsAt, IReadOnlyDictionary<string, double[]> Series);

/// <summary>A registered application entity.</summary>
internal sealed record EntityView(
    string AeTitle, string Description, string Host, int Port, bool Tls, bool HasCertificate, string Rights, IReadOnlyList<string> MoveDestinations, bool CanBeCalled)
{
    public static EntityView Of(ApplicationEntity entity) => new(
        entity.AETitle, entity.Description, entity.NetworkConnection.Hostname, entity.NetworkConnection.Port, entity.NetworkConnection.Tls,
        entity.AuthorizedNodeCertificate.Length > 0, string.Join(", ", RightsNames.Of(entity.Rights)), entity.MoveDestinations, entity.CanBeCalled);
}

/// <summary>What an application entity answered to C-ECHO.</summary>
/// <param name="IsReached">True when it answered success.</param>
/// <param name="Status">Its status as four hexadecimal digits; empty without an answer.</param>
/// <param name="Milliseconds">How long the answer took.</param>
/// <param name="Problem">What hindered it; empty if nothing did.</param>
internal sealed record EchoView(bool IsReached, string Status, double Milliseconds, string Problem);

/// <summary>A job that waits or was given up. Its key may name a patient's study; only administrators see it.</summary>
/// <param name="Done">How much of the job is done, where it tells.</param>
/// <param name="Total">Of how much.</param>
internal sealed record JobView(long Id, string Kind, string Key, DateTimeOffset DueAt, int Attempts, bool IsFailed, long? Done, long? Total);

/// <summary>Two sources say different things.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">What they differ about.</param>
/// <param name="Subject">UID, or the key of the patient.</param>
/// <param name="SopInstanceUid">The instance that brought the other content.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="DetectedAt">When.</param>
/// <param name="Decision">What was done.</param>
/// <param name="Other">The other values, by keyword.</param>
/// <param name="MayKeepOther">Whether the other side can be chosen: its content is kept here or held by another node, from which it comes first, or its words can be a correction.</param>
internal sealed record ConflictView(
    long Id, string Kind, string Subject, string SopInstanceUid, string Source, DateTimeOffset DetectedAt, string Decision, IReadOnlyDictionary<string, string> Other, bool MayKeepOther);

/// <summary>Where a study is.</summary>
/// <param name="Instances">Instances that are known.</param>
/// <param name="InstancesHere">Those that are held here.</param>
/// <param name="Holders">Other nodes that hold some of it.</param>
/// <param name="Archives">Who has an archive behind it that offers what nobody holds: names of brokers of this node, and of other nodes.</param>
/// <param name="Transfers">What brings it here now.</param>
internal sealed record WhereView(
    int Instances, int InstancesHere, IReadOnlyList<HolderOfStudy> Holders, IReadOnlyList<string> Archives, IReadOnlyList<TransferView> Transfers);

/// <summary>What a deletion did, or would do.</summary>
/// <param name="Outcome">What became, or would become, of the study.</param>
/// <param name="Instances">Instances that are, or were, here.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Keepers">Nodes that read their copies back just now, and keep them.</param>
internal sealed record DeletionView(DeletionOutcome Outcome, int Instances, long Bytes, IReadOnlyList<string> Keepers);

/// <summary>Another node that holds some of a study.</summary>
internal sealed record HolderOfStudy(Guid Node, string Name, long Instances);

/// <summary>What the node logged lately.</summary>
/// <param name="Entries">The oldest first.</param>
/// <param name="Last">Number of the last entry that there is, to ask for what comes after it.</param>
internal sealed record LogView(IReadOnlyList<LogEntry> Entries, long Last);

/// <summary>A page of the audit trail.</summary>
internal sealed record AuditAnswer(IReadOnlyList<Security.Audit.AuditEntry> Entries, bool IsMore);

/// <summary>JSON of the routes of operation.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, MaxDepth = 8)]
[JsonSerializable(typeof(LogView))]
[JsonSerializable(typeof(DeletionView))]
[JsonSerializable(typeof(OperationView))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(EntityView[]))]
[JsonSerializable(typeof(EchoView))]
[JsonSerializable(typeof(JobView[]))]
[JsonSerializable(typeof(ConflictView[]))]
[JsonSerializable(typeof(WhereView))]
[JsonSerializable(typeof(TransferView))]
[JsonSerializable(typeof(BrokerStatus))]
[JsonSerializable(typeof(BrokerStatus[]))]
[JsonSerializable(typeof(AuditAnswer))]
[JsonSerializable(typeof(EffectiveSetting[]))]
internal sealed partial class OperationJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Panal.Federation.Placement;
using Panal.Federation.Recycling;

namespace Panal.Node.Network.Placement;

/// <summary>How a node recycles.</summary>
/// <param name="Recycles">False while it keeps everything.</param>
/// <param name="HeldBytes">Bytes of studies that are here.</param>
/// <param name="HighMarkBytes">Above this, studies are dropped; null while everything is kept.</param>
/// <param name="LowMarkBytes">Until this; null while everything is kept.</param>
/// <param name="Pins">Studies that are pinned.</param>
/// <param name="Hits">Instances that were here when they were asked for, since the start.</param>
/// <param name="HitBytes">Their bytes: what the lines were spared.</param>
/// <param name="Misses">Instances that other nodes had to be asked for.</param>
/// <param name="MissBytes">Their bytes.</param>
/// <param name="ServedBytes">Bytes that were sent to other nodes since the start.</param>
/// <param name="Problem">Why the last run failed; null when nothing is wrong.</param>
internal sealed record RecyclingView(
    bool Recycles, long HeldBytes, long? HighMarkBytes, long? LowMarkBytes, int Pins, long Hits, long HitBytes, long Misses, long MissBytes, long ServedBytes, string? Problem);

/// <summary>A candidate of a run, or the end of one.</summary>
/// <param name="Study">Study Instance UID; empty in the line that ends a run.</param>
/// <param name="Instances">Instances here; in the end, studies that went or would.</param>
/// <param name="Bytes">Their bytes; in the end, those that are left.</param>
/// <param name="Reason">Why it should go; null in the end.</param>
/// <param name="Outcome">What became of it; null in the end.</param>
/// <param name="Keepers">Names of the nodes that confirmed it.</param>
/// <param name="Summary">For people, in the end only.</param>
internal sealed record RecyclingLine(
    string Study, long Instances, long Bytes, RecyclingReason? Reason, RecyclingOutcome? Outcome, IReadOnlyList<string> Keepers, string? Summary)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Outcome}: {Instances} instances";
}

/// <summary>A study that was dropped.</summary>
internal sealed record DroppedView(DateTimeOffset At, string Study, int Instances, long Bytes, RecyclingReason Reason, IReadOnlyList<string> Keepers);

/// <summary>A study that is pinned.</summary>
/// <param name="By">Name of the node that placed it here, or "local".</param>
internal sealed record PinView(string Study, DateTimeOffset At, string By);

/// <summary>Whether a study shall be pinned.</summary>
internal sealed record PinAsk(bool Pinned);

/// <summary>JSON of /api/recycling and /api/placement.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    MaxDepth = 8,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RecyclingView))]
[JsonSerializable(typeof(RecyclingLine))]
[JsonSerializable(typeof(IReadOnlyList<DroppedView>))]
[JsonSerializable(typeof(IReadOnlyList<PinView>))]
[JsonSerializable(typeof(PinView))]
[JsonSerializable(typeof(PinAsk))]
[JsonSerializable(typeof(CoverageView))]
[JsonSerializable(typeof(StudyCoverageView))]
[JsonSerializable(typeof(PlaceAsk))]
[JsonSerializable(typeof(IReadOnlyList<PlacedView>))]
[JsonSerializable(typeof(RepairAsk))]
[JsonSerializable(typeof(RepairReport))]
[JsonSerializable(typeof(RebuildAsk))]
[JsonSerializable(typeof(RebuildProgress))]
internal sealed partial class PlacementJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Panal.Federation.Membership;
using Panal.Security.Identities;

namespace Panal.Node.Network;

/// <summary>One member as `panal network status` and the HTTP API show it.</summary>
internal sealed record MemberView
{
    public required Guid Node { get; init; }

    public required string Name { get; init; }

    public required string Role { get; init; }

    public required string Address { get; init; }

    public required string Institution { get; init; }

    public required IReadOnlyList<string> Endpoints { get; init; }

    /// <summary>self, up, dialling, down or revoked.</summary>
    public required string State { get; init; }

    /// <summary>Name of the member that relays the link.</summary>
    public string? Relay { get; init; }

    public double? RoundTripMilliseconds { get; init; }

    public double? SentBytesPerSecond { get; init; }

    public double? ReceivedBytesPerSecond { get; init; }

    /// <summary>Changes of this member that are not known here.</summary>
    public long? FeedLag { get; init; }

    /// <summary>When its feed was last heard, by its own clock: what is known here is not older.</summary>
    public DateTimeOffset? FeedHeardAt { get; init; }

    /// <summary>False while a snapshot or a long absence is being caught up.</summary>
    public bool? FeedIsComplete { get; init; }

    /// <summary>Instances that it holds, as far as is known here.</summary>
    public long? HeldInstances { get; init; }

    /// <summary>Why there is no link.</summary>
    public string? Trouble { get; init; }
}

/// <summary>The network as this node sees it.</summary>
internal sealed record NetworkView
{
    public required Guid Network { get; init; }

    public required string Name { get; init; }

    public required Guid Node { get; init; }

    /// <summary>Fingerprint of the authority; null on nodes that do not hold it.</summary>
    public string? Authority { get; init; }

    public required string Range { get; init; }

    public required long RosterVersion { get; init; }

    public required long DenyListVersion { get; init; }

    public required long BundleSequence { get; init; }

    public required DateTimeOffset CertificateEnds { get; init; }

    public required IReadOnlyList<MemberView> Members { get; init; }
}

/// <summary>What an administrator says when approving.</summary>
/// <param name="Role">Null for the role that was asked for.</param>
/// <param name="Institution">Null for the one that was said.</param>
/// <param name="WithoutOthers">Go on although no other member could be asked.</param>
internal sealed record Approval(NodeRole? Role = null, string? Institution = null, bool WithoutOthers = false);

/// <summary>Why something is done; may be empty.</summary>
internal sealed record Motive(string Reason = "");

/// <summary>For whom an invitation is made.</summary>
internal sealed record InvitationAsk(NodeRole Role = NodeRole.Clinic);

/// <summary>An invitation: 64 characters, a secret.</summary>
internal sealed record InvitationView(string Invitation);

/// <summary>How the change of the authority goes on.</summary>
/// <param name="WithoutOthers">Do not wait for members that are away.</param>
internal sealed record AuthorityAsk(bool WithoutOthers = false);

/// <summary>Who became, or is no longer, a member.</summary>
internal sealed record MembershipView(Guid Node, string Name, string Address, string Role);

/// <summary>JSON of /api/network.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    MaxDepth = 8,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NetworkView))]
[JsonSerializable(typeof(IReadOnlyList<JoinRequestView>))]
[JsonSerializable(typeof(JoinRequestView))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Motive))]
[JsonSerializable(typeof(InvitationAsk))]
[JsonSerializable(typeof(InvitationView))]
[JsonSerializable(typeof(MembershipView))]
[JsonSerializable(typeof(AuthorityAsk))]
[JsonSerializable(typeof(AuthorityStep))]
[JsonSerializable(typeof(IReadOnlyList<GroupView>))]
[JsonSerializable(typeof(GroupRights))]
[JsonSerializable(typeof(IReadOnlyList<ConflictView>))]
[JsonSerializable(typeof(KeepAsk))]
[JsonSerializable(typeof(KeepView))]
[JsonSerializable(typeof(GroupNames))]
[JsonSerializable(typeof(CorrectionAsk))]
[JsonSerializable(typeof(CorrectionView))]
internal sealed partial class NetworkJson : JsonSerializerContext;

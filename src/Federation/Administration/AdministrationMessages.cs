using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Panal.Federation.Framing;
using Panal.Federation.Membership;
using Panal.Security.Identities;

namespace Panal.Federation.Administration;

/// <summary>What an administrator has the authority do. On the wire by name: names never change.</summary>
public enum NetworkActKind
{
    /// <summary>Tell who asks to join.</summary>
    Requests = 0,

    /// <summary>Let a node in.</summary>
    Approve = 1,

    /// <summary>Turn a node away.</summary>
    Deny = 2,

    /// <summary>End a membership.</summary>
    Revoke = 3,

    /// <summary>Make an invitation.</summary>
    Invite = 4,

    /// <summary>Say what a group may do.</summary>
    SetGroup = 5,

    /// <summary>Remove a group.</summary>
    RemoveGroup = 6,

    /// <summary>Say which groups a member is in.</summary>
    SetGroupsOf = 7,

    /// <summary>As SetGroup, with selections: a node that knows none must not take such rights for wider ones.</summary>
    SetSelectiveGroup = 8,
}

/// <summary>One act; see docs/formats/administer.md.</summary>
public sealed record NetworkAct
{
    /// <summary>What is to be done.</summary>
    public required NetworkActKind Kind { get; init; }

    /// <summary>Request, member or group that it is about.</summary>
    public string Target { get; init; } = "";

    /// <summary>Role of whoever is let in or invited; null for the one that was asked for.</summary>
    public NodeRole? Role { get; init; }

    /// <summary>Institution of whoever is let in; null for the one that was said.</summary>
    public string? Institution { get; init; }

    /// <summary>See <see cref="NetworkOffice.Admit"/>.</summary>
    public bool WithoutOthers { get; init; }

    /// <summary>For people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Rights of a group.</summary>
    public IReadOnlyList<NetworkGrant> Grants { get; init; } = [];

    /// <summary>Groups of a member.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Says what a group may do.</summary>
    public static NetworkAct Grant(string group, IReadOnlyList<NetworkGrant> grants) => new()
    {
        Kind = grants.Any(static grant => grant.Selection is not null) ? NetworkActKind.SetSelectiveGroup : NetworkActKind.SetGroup,
        Target = group,
        Grants = grants,
    };

    /// <summary>The act in words, for the audit trail.</summary>
    public string Description => Kind switch
    {
        NetworkActKind.Requests => "look at the requests to join",
        NetworkActKind.Approve => $"approve the request {Target}",
        NetworkActKind.Deny => $"deny the request {Target}",
        NetworkActKind.Revoke => $"revoke {Target}: {Reason}",
        NetworkActKind.Invite => $"invite a {Role ?? NodeRole.Clinic}",
        NetworkActKind.SetGroup or NetworkActKind.SetSelectiveGroup => $"give the group {Target} the rights {string.Join(", ", Grants.Select(grant => grant.ToText()))}",
        NetworkActKind.RemoveGroup => $"remove the group {Target}",
        _ => $"put {Target} into the groups {string.Join(", ", Groups)}",
    };
}

/// <summary>Whom an act was about.</summary>
/// <param name="Node">Its identity.</param>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its virtual address.</param>
/// <param name="Role">What it is meant for.</param>
public sealed record AdministeredMember(Guid Node, string Name, string Address, NodeRole Role);

/// <summary>What became of an act: a refusal, or what its kind gives.</summary>
public sealed record NetworkActOutcome
{
    /// <summary>Why it was not done; null when it was.</summary>
    public JoinRefusal? Refusal { get; init; }

    /// <summary>The refusal in words.</summary>
    public string? Reason { get; init; }

    /// <summary>Who asks to join.</summary>
    public IReadOnlyList<JoinRequestView>? Requests { get; init; }

    /// <summary>The request that was denied.</summary>
    public JoinRequestView? Request { get; init; }

    /// <summary>The member that was let in, revoked or put into groups.</summary>
    public AdministeredMember? Member { get; init; }

    /// <summary>An invitation, a secret.</summary>
    public string? Invitation { get; init; }
}

/// <summary>The other side does not keep to docs/formats/administer.md; the stream ends.</summary>
public sealed class AdministrationProtocolException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>What a frame of docs/formats/administer.md is. On the wire: numbers never change.</summary>
internal enum AdministrationFrameKind : byte
{
    /// <summary>What is to be done.</summary>
    Act = 1,

    /// <summary>What became of it.</summary>
    Outcome = 2,
}

/// <summary>Frames of docs/formats/administer.md: <c>kind u8 · length u32 · JSON</c>.</summary>
internal static class AdministrationFrame
{
    /// <summary>Kind and length, in bytes.</summary>
    public const int HeaderBytes = KindFirstHeader.LengthBytes;

    /// <summary>Longest act, in bytes: what a body of 16 KiB that names groups, rights and selections becomes when it is escaped.</summary>
    public const int ActLimitBytes = 64 * 1024;

    /// <summary>Longest outcome, in bytes: all requests that may wait, each below 9 KiB.</summary>
    public const int OutcomeLimitBytes = 1024 * 1024;

    /// <summary>Reads one frame of the kind that must come, and nothing else.</summary>
    /// <exception cref="AdministrationProtocolException">The stream ends before, or the frame is not one.</exception>
    public static async ValueTask<T> ReadAsync<T>(PipeReader input, AdministrationFrameKind kind, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        var frame = await FrameReader.ReadAsync<AdministrationFrameKind>(
            input, HeaderBytes, TryReadHeader, static reason => new AdministrationProtocolException(reason), ct);
        if (frame is not var (read, content) || read != kind)
        {
            throw new AdministrationProtocolException("Another frame came than can come now.");
        }

        return Read(content.Span, type);
    }

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <exception cref="AdministrationProtocolException">The kind is unknown, or the content empty or too long.</exception>
    public static bool TryReadHeader(in ReadOnlySequence<byte> buffer, out AdministrationFrameKind kind, out int contentBytes) => KindFirstHeader.TryRead(
        buffer,
        static kind => kind switch { AdministrationFrameKind.Act => ActLimitBytes, AdministrationFrameKind.Outcome => OutcomeLimitBytes, _ => 0 },
        static reason => new AdministrationProtocolException(reason),
        out kind,
        out contentBytes);

    /// <summary>Reads the JSON of a frame.</summary>
    /// <exception cref="AdministrationProtocolException">It is not as described.</exception>
    public static T Read<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new AdministrationProtocolException("A frame says nothing.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new AdministrationProtocolException("A frame is not as described.", e);
        }
    }

    /// <summary>Writes one frame.</summary>
    public static void Write<T>(IBufferWriter<byte> output, AdministrationFrameKind kind, T content, JsonTypeInfo<T> type) =>
        KindFirstHeader.WriteFrame(output, kind, JsonSerializer.SerializeToUtf8Bytes(content, type));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    MaxDepth = 8,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NetworkAct))]
[JsonSerializable(typeof(NetworkActOutcome))]
internal sealed partial class AdministrationJson : JsonSerializerContext;

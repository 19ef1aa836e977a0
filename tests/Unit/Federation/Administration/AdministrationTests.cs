using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Federation.Administration;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Unit.Federation.Feed;
using Panal.Unit.Federation.Membership;

namespace Panal.Unit.Federation.Administration;

/// <summary>A member has the authority act, if it may.</summary>
public sealed class AdministrationTests : IAdministrationWitness, IDisposable
{
    private readonly SetTime _time = new();
    private readonly SampleMember _centre;
    private readonly SampleMember _node;
    private readonly List<string> _audited = [];

    public AdministrationTests()
    {
        _centre = SampleMember.Centre(_time);
        _node = new SampleMember(_time);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _centre.Dispose();
        _node.Dispose();
    }

    public ValueTask AskedAsync(NodeId by, string description, bool isDone, CancellationToken cancellationToken)
    {
        Assert.Equal(_node.Standing.Self, by);
        _audited.Add($"{(isDone ? "done" : "refused")} {description}");
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Without_the_right_every_act_is_refused_audited_and_changes_nothing()
    {
        var administration = await StartAsync();
        var before = _centre.Standing;
        foreach (var kind in Enum.GetValues<NetworkActKind>())
        {
            var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => administration.ActAsync(new NetworkAct { Kind = kind, Target = "CLINIC-7" }, Ct).AsTask());
            Assert.Equal((JoinRefusal.NotAllowed, "It may not administer."), (refused.Refusal, refused.Message));
        }

        Assert.Same(before, _centre.Standing);
        Assert.Equal(Enum.GetValues<NetworkActKind>().Length, _audited.Count);
        Assert.Contains("refused revoke CLINIC-7: : It may not administer.", _audited);
    }

    [Fact]
    public async Task With_the_right_a_member_lets_nodes_in_and_out_as_the_authority_does()
    {
        var administration = await StartAsync();
        _centre.Office.SetGroup("office", [new(NetworkVerb.Administer, NetworkFilter.All)]);
        _centre.Office.SetGroupsOf("CLINIC-7", ["clinic", "office"]);
        using var late = new SampleMember(_time);
        var (joiner, _, wish) = late.Joining(_centre, "CLINIC-8");
        var attempt = await joiner.AskAsync(wish, Ct);

        var waiting = Assert.Single((await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.Requests }, Ct)).Requests!, request => request.State == JoinState.Pending);
        Assert.Equal((attempt.AuthenticationString, "CLINIC-8", JoinState.Pending), (waiting.AuthenticationString, waiting.Name, waiting.State));
        var approved = await administration.ActAsync(
            new NetworkAct { Kind = NetworkActKind.Approve, Target = attempt.AuthenticationString, Role = NodeRole.Replica, Institution = "Norte" }, Ct);
        Assert.Equal(("CLINIC-8", "10.77.0.3", NodeRole.Replica), (approved.Member!.Name, approved.Member.Address, approved.Member.Role));
        Assert.Equal("CLINIC-8", joiner.Accept(attempt, await joiner.LookAsync(attempt, Ct)).Name);

        await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.SetGroup, Target = "readers", Grants = [new(NetworkVerb.Query, NetworkFilter.OwnInstitution)] }, Ct);
        await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.SetGroupsOf, Target = "CLINIC-8", Groups = ["readers"] }, Ct);
        Assert.Equal(["Norte"], Assert.Single(Assert.Single(_centre.Membership.FilterFor(new NodeId(approved.Member.Node))!.Selections).Institutions));
        Assert.Equal(64, (await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.Invite, Role = NodeRole.Clinic }, Ct)).Invitation!.Length);
        await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.Revoke, Target = "CLINIC-8", Reason = "stolen" }, Ct);
        Assert.True(_centre.Standing.IsRevoked(approved.Member.Node));
        await administration.ActAsync(new NetworkAct { Kind = NetworkActKind.RemoveGroup, Target = "readers" }, Ct);

        // What the authority refuses, the member hears with the same reason.
        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => administration.ActAsync(new NetworkAct { Kind = NetworkActKind.Deny, Target = "unknown" }, Ct).AsTask());
        Assert.Equal((JoinRefusal.Unknown, "There is no such request that waits."), (refused.Refusal, refused.Message));
        Assert.Contains("done revoke CLINIC-8: stolen", _audited);
        Assert.Contains("done give the group readers the rights query:own", _audited);
    }

    [Fact]
    public async Task When_nobody_who_holds_the_authority_is_linked_it_says_so()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var administration = new NetworkAdministration(_node.Membership, _node.Office, _node.Desk, new MemoryLinks(_node.Standing.Self, NodeId.New(), Service()));
        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => administration.ActAsync(new NetworkAct { Kind = NetworkActKind.Requests }, Ct).AsTask());
        Assert.Equal(JoinRefusal.NoAuthority, refused.Refusal);
    }

    [Fact]
    public async Task An_act_is_refused_or_read_whatever_byte_of_it_is_cut_or_flipped()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var act = new NetworkAct { Kind = NetworkActKind.SetGroup, Target = "readers", Grants = [new(NetworkVerb.Query, NetworkFilter.All)] };
        AdministrationFrame.Write(bytes, AdministrationFrameKind.Act, act, AdministrationJson.Default.NetworkAct);
        for (var length = 0; length < bytes.WrittenCount; length++)
        {
            await Assert.ThrowsAsync<AdministrationProtocolException>(() => ReadAsync(bytes.WrittenMemory[..length]).AsTask());
        }

        var refused = 0;
        for (var i = 0; i < bytes.WrittenCount; i++)
        {
            var flipped = bytes.WrittenSpan.ToArray();
            flipped[i] ^= 0x11;
            try
            {
                Assert.NotNull(await ReadAsync(flipped));
            }
            catch (AdministrationProtocolException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, bytes.WrittenCount / 3, bytes.WrittenCount);
    }

    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(1, 64 * 1024, true)]
    [InlineData(1, (64 * 1024) + 1, false)]
    [InlineData(2, 1024 * 1024, true)]
    [InlineData(2, (1024 * 1024) + 1, false)]
    [InlineData(2, uint.MaxValue, false)]
    [InlineData(3, 10, false)]
    public void Lengths_are_checked_against_the_limit_of_their_kind(byte kind, uint length, bool isTaken)
    {
        var header = new ReadOnlySequence<byte>([kind, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
        if (isTaken)
        {
            Assert.True(AdministrationFrame.TryReadHeader(header, out _, out var content));
            Assert.Equal((int)length, content);
        }
        else
        {
            Assert.Throws<AdministrationProtocolException>(() => AdministrationFrame.TryReadHeader(header, out _, out _));
        }
    }

    [Fact]
    public void The_names_on_the_wire_stay()
    {
        Assert.Equal("Requests Approve Deny Revoke Invite SetGroup RemoveGroup SetGroupsOf SetSelectiveGroup", string.Join(' ', Enum.GetNames<NetworkActKind>()));
        Assert.Equal("Malformed Unknown Conflict TooMany NoAuthority NotAllowed", string.Join(' ', Enum.GetNames<JoinRefusal>()));
    }

    private static ValueTask<NetworkAct> ReadAsync(ReadOnlyMemory<byte> bytes) =>
        AdministrationFrame.ReadAsync(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), AdministrationFrameKind.Act, AdministrationJson.Default.NetworkAct, Ct);

    private async Task<NetworkAdministration> StartAsync()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        _centre.Office.Heard(_node.Standing.Self, default);
        return new NetworkAdministration(_node.Membership, _node.Office, _node.Desk, new MemoryLinks(_node.Standing.Self, _centre.Standing.Self, Service()));
    }

    private AdministrationService Service() => new(
        _centre.Membership,
        new NetworkAdministration(_centre.Membership, _centre.Office, _centre.Desk, new MemoryLinks(NodeId.New(), NodeId.New(), null!)),
        this,
        NullLogger<AdministrationService>.Instance);
}

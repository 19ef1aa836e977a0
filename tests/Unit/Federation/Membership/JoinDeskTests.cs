using System.Net;
using System.Security.Cryptography;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Unit.Federation.Membership;

public sealed class JoinDeskTests : IDisposable
{
    private readonly SetTime _time = new();
    private readonly SampleMember _centre;
    private readonly SampleMember _node;

    public JoinDeskTests()
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

    [Fact]
    public async Task Who_is_approved_is_a_member_with_an_address_a_certificate_and_the_roster()
    {
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        var attempt = await joiner.AskAsync(wish, Ct);
        var seen = Assert.Single(_centre.Desk.Requests());
        Assert.Equal((attempt.AuthenticationString, "CLINIC-7", "127.0.0.1", JoinState.Pending), (seen.AuthenticationString, seen.Name, seen.Address, seen.State));
        Assert.Equal(JoinState.Pending, (await joiner.LookAsync(attempt, Ct)).State);
        Assert.False(_node.Folder.IsComplete);

        _centre.Desk.Approve(seen.Id, NodeRole.Replica, "Hospital Norte", withoutOthers: false);
        var identity = joiner.Accept(attempt, await joiner.LookAsync(attempt, Ct));
        Assert.Equal(("CLINIC-7", NodeRole.Replica, IPAddress.Parse("10.77.0.2")), (identity.Name, identity.Role, identity.Address));
        Assert.True(_node.Membership.Load());
        Assert.Equal(["CENTRE", "CLINIC-7"], _node.Standing.Roster.Members.Select(m => m.Name));
        Assert.Equal(("Hospital Norte", "replica"), (_node.Standing.Own!.Institution, Assert.Single(_node.Standing.Own.Groups)));
        Assert.Equal(_centre.Standing.Self, _node.Membership.Judge(_centre.Standing.Certificate, [_centre.Standing.Issuer]).Member);
        Assert.Equal(_node.Standing.Self, _centre.Membership.Judge(_node.Standing.Certificate, [_node.Standing.Issuer]).Member);
    }

    [Fact]
    public async Task A_man_in_the_middle_makes_the_two_strings_differ()
    {
        using var attacker = SampleMember.Centre(_time);
        var (joiner, channel, wish) = _node.Joining(_centre, "CLINIC-7");
        // He shows his own root, and passes the rest on.
        channel.OnWelcome = welcome => welcome with { Root = attacker.Office.Root.RawData };
        var attempt = await joiner.AskAsync(wish, Ct);
        Assert.NotEqual(attempt.AuthenticationString, Assert.Single(_centre.Desk.Requests()).AuthenticationString);
        _centre.Desk.Approve(_centre.Desk.Requests()[0].Id, null, null, withoutOthers: false);
        var answer = await joiner.LookAsync(attempt, Ct);
        Assert.Throws<NetworkDocumentException>(() => joiner.Accept(attempt, answer));
        Assert.False(_node.Folder.IsComplete);
    }

    [Fact]
    public async Task Who_changes_the_request_after_the_hello_is_refused()
    {
        var (joiner, channel, wish) = _node.Joining(_centre, "CLINIC-7");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        channel.OnAsk = ask => ask with { Body = JoinRequest.Write("CLINIC-7", "1.0", key, [], "", NodeRole.Clinic, _time.Now) };
        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => joiner.AskAsync(wish, Ct));
        Assert.Contains("committed", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_centre.Desk.Requests());
    }

    [Fact]
    public async Task Another_authority_than_the_one_that_was_named_is_refused_by_the_node()
    {
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        await Assert.ThrowsAsync<JoinRefusedException>(() => joiner.AskAsync(wish with { Fingerprint = new string('0', 64) }, Ct));
        Assert.NotNull(await joiner.AskAsync(wish with { Fingerprint = _centre.Office.Fingerprint }, Ct));
    }

    [Theory]
    [InlineData(-121)]
    [InlineData(121)]
    public async Task Clocks_that_differ_too_much_are_refused_with_both_times_on_either_side(int seconds)
    {
        using var other = new SampleMember(new SetTime { Now = _time.Now.AddSeconds(seconds) });
        var (joiner, channel, wish) = other.Joining(_centre, "CLINIC-7");
        var ours = await Assert.ThrowsAsync<JoinRefusedException>(() => joiner.AskAsync(wish, Ct));
        // A node that does not look is refused by the centre.
        channel.OnWelcome = welcome => welcome with { Time = other.Time.Now };
        var theirs = await Assert.ThrowsAsync<JoinRefusedException>(() => joiner.AskAsync(wish, Ct));
        Assert.All([ours, theirs], e => Assert.Contains($"{_time.Now.UtcDateTime:u}", e.Message, StringComparison.Ordinal));
        Assert.Empty(_centre.Desk.Requests());
    }

    [Fact]
    public async Task Who_is_denied_hears_why_and_who_waits_too_long_that_nobody_decided()
    {
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        var first = await joiner.AskAsync(wish, Ct);
        _centre.Desk.Deny(first.AuthenticationString, "unknown");
        var denied = await joiner.LookAsync(first, Ct);
        Assert.Equal((JoinState.Denied, "unknown"), (denied.State, denied.Reason));
        Assert.Throws<JoinRefusedException>(() => _centre.Desk.Approve(first.Request, null, null, withoutOthers: false));

        var second = await joiner.AskAsync(wish, Ct);
        _time.Now += TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1);
        Assert.Equal(JoinState.Expired, (await joiner.LookAsync(second, Ct)).State);
        Assert.Throws<JoinRefusedException>(() => _centre.Desk.Approve(second.Request, null, null, withoutOthers: false));
    }

    [Fact]
    public async Task A_name_is_one_members_only_and_who_asks_again_with_its_key_keeps_identity_and_address()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        using var impostor = new SampleMember(_time);
        var (asking, _, same) = impostor.Joining(_centre, "clinic-7");
        Assert.Contains("already", (await Assert.ThrowsAsync<JoinRefusedException>(() => asking.AskAsync(same, Ct))).Message, StringComparison.Ordinal);

        var before = _node.Standing;
        File.Delete(_node.PathOf("node.crt"));
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        var attempt = await joiner.AskAsync(wish, Ct);
        _centre.Desk.Approve(attempt.Request, null, null, withoutOthers: true);
        var again = joiner.Accept(attempt, await joiner.LookAsync(attempt, Ct));
        Assert.Equal((before.Identity.Node, before.Identity.Address), (again.Node, again.Address));
        Assert.Equal(2, _centre.Standing.Roster.Members.Count);
    }

    [Fact]
    public async Task An_invitation_is_used_once_and_only_in_its_time()
    {
        Assert.True(Invitation.TryParse(_centre.Desk.Invite(NodeRole.Replica), out var used));
        Assert.True(Invitation.TryParse(_centre.Desk.Invite(NodeRole.Clinic), out var late));
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        var attempt = await joiner.AskAsync(wish with { Invitation = used }, Ct);
        Assert.Equal(NodeRole.Replica, joiner.Accept(attempt, await joiner.LookAsync(attempt, Ct)).Role);

        using var second = new SampleMember(_time);
        var (other, _, otherWish) = second.Joining(_centre, "CLINIC-8");
        await Assert.ThrowsAsync<JoinRefusedException>(() => other.AskAsync(otherWish with { Invitation = used }, Ct));
        _time.Now += Invitation.Life + TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<JoinRefusedException>(() => other.AskAsync(otherWish with { Invitation = late }, Ct));
        Assert.DoesNotContain(_centre.Desk.Requests(), r => r.Name == "CLINIC-8");
    }

    [Fact]
    public void An_address_says_hello_ten_times_a_minute_and_no_more()
    {
        var hello = new JoinHello(new byte[32]);
        for (var i = 0; i < 10; i++)
        {
            _centre.Desk.Hello(hello, IPAddress.Loopback);
        }

        Assert.Equal(JoinRefusal.TooMany, Assert.Throws<JoinRefusedException>(() => _centre.Desk.Hello(hello, IPAddress.Loopback)).Refusal);
        _centre.Desk.Hello(hello, IPAddress.Parse("192.0.2.7"));
        _time.Now += TimeSpan.FromSeconds(61);
        _centre.Desk.Hello(hello, IPAddress.Loopback);
        Assert.Equal(JoinRefusal.Malformed, Assert.Throws<JoinRefusedException>(() => _centre.Desk.Hello(new JoinHello(new byte[31]), IPAddress.Loopback)).Refusal);
    }

    [Fact]
    public void Strangers_from_many_addresses_fill_no_more_than_the_sessions_there_are()
    {
        for (var i = 0; i < 256; i++)
        {
            _centre.Desk.Hello(new JoinHello(new byte[32]), new IPAddress([192, 0, 2, (byte)i]));
        }

        Assert.Equal(
            JoinRefusal.TooMany,
            Assert.Throws<JoinRefusedException>(() => _centre.Desk.Hello(new JoinHello(new byte[32]), IPAddress.Parse("198.51.100.1"))).Refusal);
    }

    [Fact]
    public async Task Of_one_address_four_requests_wait()
    {
        for (var i = 0; i < 4; i++)
        {
            using var node = new SampleMember(_time);
            var (joiner, _, wish) = node.Joining(_centre, $"CLINIC-{i}");
            await joiner.AskAsync(wish, Ct);
        }

        var (last, _, lastWish) = _node.Joining(_centre, "CLINIC-7");
        Assert.Equal(JoinRefusal.TooMany, (await Assert.ThrowsAsync<JoinRefusedException>(() => last.AskAsync(lastWish, Ct))).Refusal);
        Assert.Equal(4, _centre.Desk.Requests().Count);
    }

    [Fact]
    public void A_node_without_authority_has_no_desk() =>
        Assert.Equal(JoinRefusal.NoAuthority, Assert.Throws<JoinRefusedException>(() => _node.Desk.Hello(new JoinHello(new byte[32]), IPAddress.Loopback)).Refusal);

    [Fact]
    public async Task A_request_that_waits_outlives_a_restart_of_the_centre()
    {
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        var attempt = await joiner.AskAsync(wish, Ct);
        using var denied = new SampleMember(_time);
        var (other, _, otherWish) = denied.Joining(_centre, "CLINIC-8");
        var refused = await other.AskAsync(otherWish, Ct);
        _centre.Desk.Deny(refused.Request, "unknown");

        using var restarted = _centre.Restarted();
        Assert.Equal(_centre.Desk.Requests().Select(r => r with { Endpoints = [] }), restarted.Desk.Requests().Select(r => r with { Endpoints = [] }));
        Assert.Equal(["192.0.2.7:7700"], restarted.Desk.Requests()[0].Endpoints);
        var after = _node.JoinerOf(restarted);
        Assert.Equal(JoinState.Pending, (await after.LookAsync(attempt, Ct)).State);
        Assert.Equal("unknown", (await denied.JoinerOf(restarted).LookAsync(refused, Ct)).Reason);
        Assert.Equal("10.77.0.2", restarted.Desk.Approve(attempt.AuthenticationString, null, null, withoutOthers: false).Address);

        // Approved, and the centre starts again before the node has fetched its certificate.
        using var again = restarted.Restarted();
        Assert.Equal("CLINIC-7", _node.JoinerOf(again).Accept(attempt, await _node.JoinerOf(again).LookAsync(attempt, Ct)).Name);
        _time.Now += TimeSpan.FromHours(25);
        Assert.All(again.Desk.Requests(), request => Assert.NotEqual(JoinState.Pending, request.State));
    }

    [Fact]
    public async Task A_file_of_requests_that_is_broken_costs_the_requests_and_not_the_desk()
    {
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-7");
        await joiner.AskAsync(wish, Ct);
        await File.WriteAllTextAsync(_centre.PathOf("requests"), "[{", Ct);
        using var restarted = _centre.Restarted();
        Assert.Empty(restarted.Desk.Requests());
        var attempt = await _node.JoinerOf(restarted).AskAsync(wish, Ct);
        Assert.Equal(attempt.Request, Assert.Single(restarted.Desk.Requests()).Id);
    }
}

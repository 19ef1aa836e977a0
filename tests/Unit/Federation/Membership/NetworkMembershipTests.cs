using Panal.Catalogue;
using Panal.Federation.Membership;
using Panal.Security.Identities;

namespace Panal.Unit.Federation.Membership;

public sealed class NetworkMembershipTests : IDisposable
{
    private readonly SetTime _time = new();
    private readonly SampleMember _centre;
    private readonly SampleMember _node;

    public NetworkMembershipTests()
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
    public async Task Newer_documents_are_kept_before_they_count_and_older_ones_ignored()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var old = _centre.Standing;
        using var other = new SampleMember(_time);
        _centre.Office.Heard(Panal.Swarm.NodeId.New(), default);
        await other.JoinAsync(_centre, "CLINIC-8", Ct);
        var change = _node.Membership.NextChangeAsync();
        Assert.False(change.IsCompleted);
        Assert.True(_node.Membership.TakeOver(_centre.Standing.SignedRoster));
        Assert.True(change.IsCompletedSuccessfully);
        Assert.False(_node.Membership.TakeOver(_centre.Standing.SignedRoster));
        Assert.False(_node.Membership.TakeOver(old.SignedRoster));
        Assert.Equal(3, _node.Standing.Roster.Members.Count);

        var again = new NetworkMembership(_node.Folder, _time);
        Assert.True(again.Load());
        Assert.Equal(_node.Standing.Versions, again.Standing!.Versions);
    }

    [Fact]
    public async Task A_document_of_another_network_is_refused()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        using var foreign = SampleMember.Centre(_time);
        Assert.Throws<NetworkDocumentException>(() => _node.Membership.TakeOver(foreign.Standing.SignedRoster));
        Assert.Throws<NetworkDocumentException>(() => _node.Membership.TakeOver(foreign.Standing.SignedDenied));
        Assert.Throws<NetworkDocumentException>(() => _node.Membership.TakeOver(foreign.Standing.Bundles[0]));
        Assert.NotNull(_node.Membership.Judge(foreign.Standing.Certificate, [foreign.Standing.Issuer]).Refusal);
    }

    [Fact]
    public async Task Who_is_revoked_is_refused_has_no_rights_and_its_address_is_never_given_again()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        _centre.Office.Heard(Panal.Swarm.NodeId.New(), default);
        Assert.True(_centre.Membership.Decide(_node.Standing.Self, NetworkVerb.Query, null).IsGranted);
        Assert.Equal(FeedFilter.All, _centre.Membership.FilterFor(_node.Standing.Self));
        var revoked = _centre.Office.Revoke("clinic-7", "stolen");
        Assert.Equal("It is revoked.", _centre.Membership.Judge(_node.Standing.Certificate, [_node.Standing.Issuer]).Refusal);
        Assert.False(_centre.Membership.Decide(_node.Standing.Self, NetworkVerb.Query, null).IsGranted);
        Assert.Null(_centre.Membership.FilterFor(_node.Standing.Self));
        Assert.Empty(_centre.Standing.Others);

        using var next = new SampleMember(_time);
        await next.JoinAsync(_centre, "CLINIC-7", Ct);
        Assert.Equal(("10.77.0.2", "10.77.0.3"), (revoked.Address, next.Standing.Identity.Address.ToString()));

        // Its key stays outside too.
        File.Delete(_node.PathOf("node.crt"));
        var (joiner, _, wish) = _node.Joining(_centre, "CLINIC-9");
        var attempt = await joiner.AskAsync(wish, Ct);
        Assert.Contains("revoked", Assert.Throws<JoinRefusedException>(() => _centre.Desk.Approve(attempt.Request, null, null, withoutOthers: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_that_is_used_up_says_so()
    {
        using var small = SampleMember.Centre(_time, "10.77.0.0/29");
        small.Office.Heard(Panal.Swarm.NodeId.New(), default);
        for (var i = 2; i <= 6; i++)
        {
            using var node = new SampleMember(_time);
            await node.JoinAsync(small, $"CLINIC-{i}", Ct);
            Assert.Equal($"10.77.0.{i}", node.Standing.Identity.Address.ToString());
            if (i == 4)
            {
                small.Office.Revoke("CLINIC-4", "");
            }
        }

        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => _node.JoinAsync(small, "CLINIC-7", Ct));
        Assert.Contains("All 6 addresses of 10.77.0.0/29", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_that_could_ask_nobody_approves_only_when_told_to_and_leaps_over_what_it_may_have_forgotten()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        using var next = new SampleMember(_time);
        Assert.Contains("--without-others", (await Assert.ThrowsAsync<JoinRefusedException>(() => next.JoinAsync(_centre, "CLINIC-8", Ct))).Message, StringComparison.Ordinal);
        var before = _centre.Standing.Roster.Version;
        var (joiner, _, wish) = next.Joining(_centre, "CLINIC-8");
        var attempt = await joiner.AskAsync(wish, Ct);
        Assert.Equal("10.77.1.3", _centre.Desk.Approve(attempt.Request, null, null, withoutOthers: true).Address);
        Assert.Equal(before + 1001, _centre.Standing.Roster.Version);
    }

    [Fact]
    public async Task A_certificate_is_renewed_for_the_same_key_and_an_expired_one_refused()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var first = _node.Standing.Certificate;
        _time.Now = NetworkFollower.RenewalOf(first);
        Assert.InRange((_time.Now - new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)).TotalDays, 59.9, 60.1);
        using var key = _node.Folder.OpenKey();
        using var renewed = _centre.Office.Reissue(_node.Standing.Self, new System.Security.Cryptography.X509Certificates.PublicKey(key));
        _node.Membership.Renew(renewed, _centre.Office.Issuer);
        Assert.Equal(first.NotAfter.AddDays(60).Date, _node.Standing.Certificate.NotAfter.Date);

        _time.Now = new DateTimeOffset(first.NotAfter.ToUniversalTime(), TimeSpan.Zero).AddSeconds(1);
        Assert.Contains("expired", _centre.Membership.Judge(first, [_centre.Standing.Issuer]).Refusal!, StringComparison.Ordinal);
        Assert.Equal(_node.Standing.Self, _centre.Membership.Judge(_node.Standing.Certificate, [_centre.Standing.Issuer]).Member);
    }

    [Fact]
    public async Task The_authority_changes_in_three_steps_and_nobody_is_locked_out()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var old = _centre.Office.Fingerprint;
        Assert.Equal(old, _centre.Office.RenewAuthority(withoutOthers: false).Fingerprint);
        Assert.Equal(2, _centre.Standing.Bundle.Roots.Count);

        // The member must know of it first; and of a broken attempt nothing is lost.
        Assert.Contains("CLINIC-7", Assert.Throws<JoinRefusedException>(() => _centre.Office.RenewAuthority(withoutOthers: false)).Message, StringComparison.Ordinal);
        Spread();
        var step = _centre.Office.RenewAuthority(withoutOthers: false);
        Assert.NotEqual(old, step.Fingerprint);
        Assert.Equal(step.Fingerprint, new NetworkOffice(_centre.Membership, _centre.Folder, _time).Fingerprint);
        Spread();
        Assert.False(_node.Standing.Bundle.IsCurrent(_node.Standing.Issuer));
        // Certificates of the old authority are good until all have new ones.
        Assert.NotNull(_centre.Membership.Judge(_node.Standing.Certificate, [_node.Standing.Issuer]).Member);
        Assert.Contains("renewed", Assert.Throws<JoinRefusedException>(() => _centre.Office.RenewAuthority(withoutOthers: false)).Message, StringComparison.Ordinal);

        var before = _node.Standing.Certificate;
        var oldIssuer = _node.Standing.Issuer;
        Renew(_node);
        Renew(_centre);
        var last = _centre.Office.RenewAuthority(withoutOthers: false);
        Assert.Equal("", last.Next);
        Spread();
        Assert.Single(_node.Standing.Bundle.Roots);
        Assert.Equal(_centre.Standing.Versions, _node.Standing.Versions);
        Assert.NotNull(_centre.Membership.Judge(_node.Standing.Certificate, [_node.Standing.Issuer]).Member);
        Assert.NotNull(_node.Membership.Judge(_centre.Standing.Certificate, [_centre.Standing.Issuer]).Member);
        Assert.Equal("It is not issued by this network.", _centre.Membership.Judge(before, [oldIssuer]).Refusal);

        // Both start again from what is on disk, and the next node joins with the new fingerprint.
        Assert.True(new NetworkMembership(_node.Folder, _time).Load());
        Assert.True(new NetworkMembership(_centre.Folder, _time).Load());
        using var late = new SampleMember(_time);
        await late.JoinAsync(_centre, "CLINIC-8", Ct);
        Assert.Equal(_centre.Standing.Versions, late.Standing.Versions);
    }

    /// <summary>Found by the history of seed 9652: what the centre shows must outlive the authority that gave it.</summary>
    [Fact]
    public async Task A_centre_that_has_renewed_its_own_certificate_is_let_in_and_renews_again_after_the_authority_has_changed()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        Renew(_centre);
        _centre.Office.RenewAuthority(withoutOthers: false);
        Spread();
        _centre.Office.RenewAuthority(withoutOthers: false);

        Assert.False(_centre.Standing.Bundle.IsCurrent(_centre.Standing.Issuer));
        Assert.Equal(_centre.Standing.Self, _node.Membership.Judge(_centre.Standing.Certificate, [_centre.Standing.Issuer]).Member);
        Renew(_centre);
        Assert.True(_centre.Standing.Bundle.IsCurrent(_centre.Standing.Issuer));
    }

    [Fact]
    public async Task A_change_of_the_authority_goes_on_after_a_crash_between_its_folders()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        _centre.Office.RenewAuthority(withoutOthers: false);
        Spread();
        Directory.Move(_centre.PathOf("authority"), _centre.PathOf("authority-old-2"));
        var membership = new NetworkMembership(_centre.Folder, _time);
        Assert.True(membership.Load());
        using var office = new NetworkOffice(membership, _centre.Folder, _time);
        var step = office.RenewAuthority(withoutOthers: false);
        Assert.Equal(step.Fingerprint, Certificates.Fingerprint(membership.Standing!.Bundle.Roots[0]));
        Assert.Equal(2, membership.Standing.Bundle.Roots.Count);
    }

    [Fact]
    public void Without_a_network_nobody_is_let_in_and_nothing_granted()
    {
        Assert.False(_node.Membership.Load());
        Assert.NotNull(_node.Membership.Judge(_centre.Standing.Certificate, [_centre.Standing.Issuer]).Refusal);
        Assert.False(_node.Membership.Decide(_centre.Standing.Self, NetworkVerb.Query, null).IsGranted);
        Assert.Null(_node.Membership.FilterFor(_centre.Standing.Self));
    }

    [Theory]
    [InlineData("roster")]
    [InlineData("denied")]
    [InlineData("bundles")]
    [InlineData("node.key")]
    [InlineData("node.crt")]
    public async Task A_folder_with_a_broken_or_missing_file_is_refused_with_a_reason(string name)
    {
        var path = _centre.PathOf(name);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[bytes.Length / 2] ^= 0xFF;
        await File.WriteAllBytesAsync(path, bytes, Ct);
        Assert.Throws<NetworkDocumentException>(() => new NetworkMembership(_centre.Folder, _time).Load());
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 3)], Ct);
        Assert.Throws<NetworkDocumentException>(() => new NetworkMembership(_centre.Folder, _time).Load());
    }

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        foreach (var name in new[] { "node.key", "authority/root.key", "authority/issuer.key" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_centre.PathOf(name)));
        }
    }

    /// <summary>Gives the node what the centre has, in the order of the wire, and tells the centre.</summary>
    private void Spread()
    {
        foreach (var document in _centre.Standing.Bundles.Append(_centre.Standing.SignedDenied).Append(_centre.Standing.SignedRoster))
        {
            _node.Membership.TakeOver(document);
        }

        _centre.Office.Heard(_node.Standing.Self, _node.Standing.Versions);
    }

    private void Renew(SampleMember member)
    {
        using var key = member.Folder.OpenKey();
        member.Membership.Renew(_centre.Office.Reissue(member.Standing.Self, new System.Security.Cryptography.X509Certificates.PublicKey(key)), _centre.Office.Issuer);
    }
}

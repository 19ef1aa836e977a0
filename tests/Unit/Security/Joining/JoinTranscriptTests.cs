using System.Security.Cryptography;
using System.Text;
using Panal.Security.Identities;
using Panal.Security.Joining;
using Panal.Unit.Security.Identities;

namespace Panal.Unit.Security.Joining;

public sealed class JoinTranscriptTests : IDisposable
{
    private readonly SampleNetwork _network = new();
    private readonly byte[] _node = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _centre = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _body = Encoding.UTF8.GetBytes("the body");

    public void Dispose() => _network.Dispose();

    [Fact]
    public void Both_sides_of_one_exchange_see_the_same_string()
    {
        var text = Transcript().AuthenticationString;
        Assert.Equal(text, Transcript().AuthenticationString);
        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", text);
    }

    [Fact]
    public void The_string_is_made_as_the_page_says()
    {
        // By hand, from the page: SHA-256 over the parts, 40 bits, Crockford's letters.
        byte[] all =
        [
            .. "panal join transcript 1"u8, .. _network.Id.ToByteArray(bigEndian: true), .. SHA256.HashData(_network.Authority.Root.RawData),
            .. _node, .. _centre, .. SHA256.HashData(_body),
        ];
        var bits = string.Concat(SHA256.HashData(all).Take(5).Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        var letters = string.Concat(Enumerable.Range(0, 8).Select(i => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Convert.ToInt32(bits.Substring(5 * i, 5), 2)]));
        Assert.Equal($"{letters[..4]}-{letters[4..]}", Transcript().AuthenticationString);
    }

    [Fact]
    public void A_man_in_the_middle_makes_the_strings_differ()
    {
        // He shows the node a root of his own, or the centre a key of his own, or both a nonce of his own.
        using var his = new SampleNetwork();
        var honest = Transcript().AuthenticationString;
        var nonce = RandomNumberGenerator.GetBytes(32);
        string[] others =
        [
            new JoinTranscript(_network.Id, his.Authority.Root, _node, _centre, _body).AuthenticationString,
            new JoinTranscript(his.Id, _network.Authority.Root, _node, _centre, _body).AuthenticationString,
            new JoinTranscript(_network.Id, _network.Authority.Root, nonce, _centre, _body).AuthenticationString,
            new JoinTranscript(_network.Id, _network.Authority.Root, _node, nonce, _body).AuthenticationString,
            new JoinTranscript(_network.Id, _network.Authority.Root, _node, _centre, "the bodY"u8).AuthenticationString,
        ];
        Assert.All(others, other => Assert.NotEqual(honest, other));
        Assert.Equal(others.Length, others.Distinct().Count());
    }

    [Fact]
    public void Who_has_committed_cannot_choose_another_nonce_or_body()
    {
        var commitment = JoinTranscript.Commit(_node, _body);
        Assert.True(JoinTranscript.IsCommitted(commitment, _node, _body));
        Assert.False(JoinTranscript.IsCommitted(commitment, _centre, _body));
        Assert.False(JoinTranscript.IsCommitted(commitment, _node, "another"u8));
        Assert.False(JoinTranscript.IsCommitted([], _node, _body));
        // What lies on either side of the seam between nonce and body does not move.
        Assert.False(JoinTranscript.IsCommitted(commitment, [.. _node, _body[0]], _body.AsSpan(1)));
    }

    [Fact]
    public void An_invitation_proves_one_exchange_only()
    {
        var invitation = Invitation.Create(_network.Authority.Fingerprint);
        Assert.True(Invitation.TryParse(invitation.ToText(), out var read));
        Assert.Equal(_network.Authority.Fingerprint, read.Fingerprint);
        var proof = Transcript().Prove(read);
        Assert.True(Transcript().IsProof(proof, invitation));
        Assert.False(Transcript().IsProof(proof, Invitation.Create(_network.Authority.Fingerprint)));
        Assert.False(Transcript().IsProof([], invitation));
        var replayed = new JoinTranscript(_network.Id, _network.Authority.Root, _node, RandomNumberGenerator.GetBytes(32), _body);
        Assert.False(replayed.IsProof(proof, invitation));
        Assert.DoesNotContain(invitation.ToText(), invitation.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_invitation_is_refused()
    {
        var text = Invitation.Create(_network.Authority.Fingerprint).ToText();
        Assert.Equal(64, text.Length);
        Assert.All(Enumerable.Range(0, 64), length => Assert.False(Invitation.TryParse(text[..length], out _)));
        Assert.False(Invitation.TryParse(text + "A", out _));
        Assert.False(Invitation.TryParse(text[..63] + "+", out _));
        Assert.False(Invitation.TryParse(text[..63] + "ñ", out _));
    }

    private JoinTranscript Transcript() => new(_network.Id, _network.Authority.Root, _node, _centre, _body);
}

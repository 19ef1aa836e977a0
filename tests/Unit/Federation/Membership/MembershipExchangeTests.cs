using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Unit.Federation.Feed;

namespace Panal.Unit.Federation.Membership;

public sealed class MembershipExchangeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly SetTime _time = new();
    private readonly SampleMember _centre;
    private readonly SampleMember _node;

    public MembershipExchangeTests()
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
    public async Task What_the_authority_signs_reaches_the_other_side_while_the_stream_stands()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        using var late = new SampleMember(_time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var (one, other) = Pair();
        var there = Exchange(_centre).GossipAsync(one, _node.Standing.Self, null, ending.Token);
        var here = Exchange(_node).GossipAsync(other, _centre.Standing.Self, null, ending.Token);
        _centre.Office.HasCompared();
        await late.JoinAsync(_centre, "CLINIC-8", Ct);
        await UntilAsync(() => _node.Standing.Roster.Members.Count == 3, _node.Membership);
        _centre.Office.Revoke("CLINIC-8", "");
        await UntilAsync(() => _node.Standing.Denied.Contains(late.Standing.Identity.Node) && _node.Standing.Versions == _centre.Standing.Versions, _node.Membership);

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(there, here).WaitAsync(Limit, Ct));
    }

    [Fact]
    public async Task An_authority_that_hears_a_member_knows_that_it_is_the_newest()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        Assert.True(_centre.Office.IsAlone());
        var (one, other) = Pair();
        MembershipFrame.Write(other.Output, _node.Standing.Versions);
        await other.Output.CompleteAsync();
        await Exchange(_centre).GossipAsync(one, _node.Standing.Self, null, Ct).WaitAsync(Limit, Ct);
        Assert.False(_centre.Office.IsAlone());
    }

    [Fact]
    public async Task A_document_that_nobody_may_sign_ends_the_stream_and_changes_nothing()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        using var foreign = SampleMember.Centre(_time);
        var (one, other) = Pair();
        var before = _node.Standing;
        MembershipFrame.Write(one.Output, MembershipFrameKind.Document, foreign.Standing.SignedRoster.Bytes.Span);
        await one.Output.FlushAsync(Ct);
        await Assert.ThrowsAsync<MembershipProtocolException>(() => Exchange(_node).GossipAsync(other, foreign.Standing.Self, null, Ct).WaitAsync(Limit, Ct));
        Assert.Same(before, _node.Standing);
    }

    [Fact]
    public async Task A_certificate_is_renewed_over_a_link_and_nobody_elses()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        _time.Now += TimeSpan.FromDays(60);
        var links = new MemoryLinks(_node.Standing.Self, _centre.Standing.Self, Exchange(_centre));
        using var key = _node.Folder.OpenKey();
        var before = _node.Standing.Certificate.NotAfter;
        await Exchange(_node).RenewAsync(links, _centre.Standing.Self, key, Ct);
        Assert.Equal(before.AddDays(60), _node.Standing.Certificate.NotAfter);

        // A stranger's key on the member's link.
        using var stranger = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        await Assert.ThrowsAsync<JoinRefusedException>(() => Exchange(_node).RenewAsync(links, _centre.Standing.Self, stranger, Ct));
        _centre.Office.Revoke("CLINIC-7", "");
        await Assert.ThrowsAsync<JoinRefusedException>(() => Exchange(_node).RenewAsync(links, _centre.Standing.Self, key, Ct));
    }

    [Fact]
    public async Task Frames_survive_truncation_and_wrong_lengths()
    {
        var output = new ArrayBufferWriter<byte>();
        var versions = new DocumentVersions(Guid.NewGuid(), 1, 2, 3);
        MembershipFrame.Write(output, versions);
        var bytes = output.WrittenMemory.ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            var input = PipeReader.Create(new ReadOnlySequence<byte>(bytes.AsMemory(0, length)));
            if (length == 0)
            {
                Assert.Null(await MembershipFrame.ReadAsync(input, Ct));
            }
            else
            {
                await Assert.ThrowsAsync<MembershipProtocolException>(async () => await MembershipFrame.ReadAsync(input, Ct));
            }
        }

        var whole = await MembershipFrame.ReadAsync(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), Ct);
        Assert.Equal(versions, MembershipFrame.ReadVersions(whole!.Value.Content.Span));
        Assert.Throws<MembershipProtocolException>(() => MembershipFrame.ReadVersions(new byte[39]));
        Assert.Throws<MembershipProtocolException>(() => MembershipFrame.ReadRenewed(new byte[] { 0, 5, 1, 2, 3, 4, 5 }));
        foreach (var kind in Enum.GetValues<MembershipFrameKind>())
        {
            Assert.True(MembershipFrame.TryReadHeader(Header(kind, MembershipFrame.LimitBytes(kind)), out var read, out var content));
            Assert.Equal((kind, MembershipFrame.LimitBytes(kind)), (read, content));
            Assert.Throws<MembershipProtocolException>(() => MembershipFrame.TryReadHeader(Header(kind, MembershipFrame.LimitBytes(kind) + 1), out _, out _));
            Assert.Throws<MembershipProtocolException>(() => MembershipFrame.TryReadHeader(Header(kind, 0), out _, out _));
        }

        Assert.Throws<MembershipProtocolException>(() => MembershipFrame.TryReadHeader(Header((MembershipFrameKind)6, 1), out _, out _));
        Assert.Throws<MembershipProtocolException>(() => MembershipFrame.TryReadHeader(Header(default(MembershipFrameKind), 1), out _, out _));
    }

    /// <summary>The wire picture of docs/formats/membership.md, typed by hand.</summary>
    [Fact]
    public void Versions_are_on_the_wire_as_the_page_says()
    {
        var output = new ArrayBufferWriter<byte>();
        MembershipFrame.Write(output, new DocumentVersions(new Guid("00112233-4455-6677-8899-aabbccddeeff"), 1, 0x0203, 4));
        Assert.Equal(
            "01" + "00000028" + "00112233445566778899aabbccddeeff" + "0000000000000001" + "0000000000000203" + "0000000000000004",
            Convert.ToHexStringLower(output.WrittenSpan));
    }

    private static ReadOnlySequence<byte> Header(MembershipFrameKind kind, int length) =>
        new(new[] { (byte)kind, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length });

    private static async Task UntilAsync(Func<bool> isReached, NetworkMembership membership)
    {
        while (true)
        {
            var change = membership.NextChangeAsync();
            if (isReached())
            {
                return;
            }

            await change.WaitAsync(Limit, Ct);
        }
    }

    private static MembershipExchange Exchange(SampleMember member) => new(member.Membership, member.Office, NullLogger<MembershipExchange>.Instance);

    private static (IDuplexPipe One, IDuplexPipe Other) Pair()
    {
        Pipe there = new(), back = new();
        return (new End(back.Reader, there.Writer), new End(there.Reader, back.Writer));
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

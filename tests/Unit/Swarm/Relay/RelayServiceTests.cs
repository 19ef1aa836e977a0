using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Relay;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Relay;

/// <summary>What a relay answers to those who ask (docs/formats/relay.md); that it joins is seen in LinksTests.</summary>
public sealed class RelayServiceTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_does_not_join_somebody_to_himself_nor_to_one_it_has_no_link_to()
    {
        using var network = new Network();
        await using var relay = new LinkedNode(network.Admit());
        await using var one = new LinkedNode(network.Admit());
        one.Links.SetPeers([relay.AsPeer()]);
        Assert.Equal(RelayAnswer.Refused, await AskAsync(one, relay.Id, one.Id));
        Assert.Equal(RelayAnswer.NotLinked, await AskAsync(one, relay.Id, NodeId.New()));
        Assert.Equal(RelayAnswer.NotLinked, await AskAsync(one, relay.Id, relay.Id));
    }

    [Theory]
    [InlineData("relay/1")]
    [InlineData("relayed/1")]
    public async Task A_name_that_is_cut_at_any_byte_ends_the_stream_and_not_the_link(string protocol)
    {
        using var network = new Network();
        await using var relay = new LinkedNode(network.Admit());
        await using var one = new LinkedNode(network.Admit());
        one.Links.SetPeers([relay.AsPeer()]);
        for (var length = 0; length < NodeId.LengthBytes; length++)
        {
            await using var stream = await one.Links.OpenAsync(relay.Id, protocol, LinkPriority.Bulk, Cancelled);
            await Multiplexing.LinkTests.WriteAsync(stream, new byte[length]);
            var failure = await Assert.ThrowsAsync<LinkException>(async () => await stream.Input.ReadAsync(Cancelled));
            Assert.Equal(LinkCloseReason.Failed, failure.Reason);
        }

        await one.EchoAsync(relay.Id);
    }

    [Fact]
    public async Task Who_comes_through_a_relay_under_another_name_is_refused()
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var liar = new LinkedNode(network.Admit());
        liar.Links.SetPeers([node.AsPeer()]);

        // The relay itself speaks TLS here as who it is, and names somebody else.
        await using var stream = await liar.Links.OpenAsync(node.Id, "relayed/1", LinkPriority.Bulk, Cancelled);
        await NameAsync(stream, NodeId.New());
        await using var tls = new System.Net.Security.SslStream(new Panal.Swarm.Tunnel.PipeStream(stream, owner: null));
        await tls.AuthenticateAsClientAsync(
            new System.Net.Security.SslClientAuthenticationOptions
            {
                TargetHost = "anybody",
                ApplicationProtocols = [new("panal/1")],
                ClientCertificateContext = liar.Credentials.Certificate,
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            },
            Cancelled);
        Assert.Equal(LinkCloseReason.Stranger, await node.Witness.NextAsync("refused"));
    }

    [Fact]
    public void Numbers_on_the_wire_never_change() =>
        Assert.Equal("Connected=0 NotLinked=1 Quota=2 Refused=3", string.Join(' ', Enum.GetValues<RelayAnswer>().Select(a => $"{a}={(byte)a}")));

    private static async Task NameAsync(ILinkStream stream, NodeId node)
    {
        var name = new byte[NodeId.LengthBytes];
        node.CopyTo(name);
        await stream.Output.WriteAsync(name, Cancelled);
    }

    private static async Task<RelayAnswer> AskAsync(LinkedNode from, NodeId relay, NodeId target)
    {
        await using var stream = await from.Links.OpenAsync(relay, "relay/1", LinkPriority.Bulk, Cancelled);
        await NameAsync(stream, target);
        var answer = Assert.Single(await Multiplexing.LinkTests.ReadToEndAsync(stream.Input));
        return (RelayAnswer)answer;
    }
}

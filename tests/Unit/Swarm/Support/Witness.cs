using System.Net;
using System.Threading.Channels;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Support;

/// <summary>Keeps what happened, in order, for those who wait for it.</summary>
internal sealed class Witness : ILinkWitness
{
    private readonly Channel<(string What, LinkCloseReason? Reason)> _seen = Channel.CreateUnbounded<(string, LinkCloseReason?)>();

    public void Up(NodeId peer, EndPoint? remote, NodeId? relay) => _seen.Writer.TryWrite(("up", null));

    public void Down(NodeId peer, LinkCloseReason reason, string message) => _seen.Writer.TryWrite(("down", reason));

    public void HandshakeRefused(EndPoint? remote, LinkCloseReason reason, string message) => _seen.Writer.TryWrite(("refused", reason));

    public void Violation(NodeId peer, LinkCloseReason reason, string message) => _seen.Writer.TryWrite(("violation", reason));

    /// <summary>Waits for the next event of a kind; others are passed over.</summary>
    public async Task<LinkCloseReason?> NextAsync(string what)
    {
        await foreach (var (seen, reason) in _seen.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (seen == what)
            {
                return reason;
            }
        }

        throw new InvalidOperationException("The witness was closed.");
    }
}

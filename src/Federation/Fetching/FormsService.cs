using Panal.Swarm.Links;
using Panal.Swarm.Transfers;

namespace Panal.Federation.Fetching;

/// <summary>Tells other nodes which contents they can have in fewer bytes (docs/formats/forms.md).</summary>
public sealed class FormsService(StudyHoldings holdings) : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "forms/2";

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>Answers one question.</summary>
    /// <exception cref="FormsProtocolException">The peer does not keep to the protocol.</exception>
    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        var scope = await FormsMessages.ReadQuestionAsync(stream.Input, cancellationToken);
        FormsMessages.WriteAnswer(stream.Output, holdings.CompactForms(stream.Peer, new TransferScope(scope), cancellationToken));
        await stream.Output.FlushAsync(cancellationToken);
        await stream.Output.CompleteAsync();
    }
}

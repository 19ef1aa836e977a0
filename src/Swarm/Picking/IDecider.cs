using Panal.Swarm.Transfers;

namespace Panal.Swarm.Picking;

/// <summary>
/// One rule that says what to ask of a holder next. The rules of a transfer form a chain: each fills what those before it left free.
/// </summary>
internal interface IDecider
{
    /// <summary>Writes blocks that this holder offers and that are not asked of anybody, best first; returns how many.</summary>
    int Choose(Download download, Holder holder, TimeSpan now, Span<int> blocks);
}

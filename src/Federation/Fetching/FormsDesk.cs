using System.Collections.Concurrent;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>Asks the holders of a study for forms in fewer bytes, and decides for each content which form is fetched.</summary>
public sealed class FormsDesk(ILinks links, IHolderDirectory holders, FetchOptions options, TimeProvider time)
{
    /// <summary>Studies whose answers are remembered; more are forgotten all at once.</summary>
    private const int KnownLimit = 64;

    private static readonly IReadOnlyDictionary<ContentHash, CompactOffer> None = new Dictionary<ContentHash, CompactOffer>();

    private readonly ConcurrentDictionary<string, Answer> _known = new(StringComparer.Ordinal);

    /// <summary>The forms that are worth fetching, by content. Holders that do not answer in time are passed over.</summary>
    public async ValueTask<IReadOnlyDictionary<ContentHash, CompactOffer>> AskAsync(string study, CancellationToken ct)
    {
        if (!options.PrefersCompact)
        {
            return None;
        }

        if (_known.TryGetValue(study, out var known) && time.GetElapsedTime(known.At) < options.FormsLife)
        {
            return known.Forms;
        }

        var asked = holders.HoldersOf(new TransferScope(study));
        using var limit = new CancellationTokenSource(options.FormsPatience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var answers = await Task.WhenAll(asked.Select(holder => AskAsync(holder, study, end.Token)));
        ct.ThrowIfCancellationRequested();
        var forms = Choose(answers);
        if (_known.Count >= KnownLimit)
        {
            _known.Clear();
        }

        _known[study] = new Answer(time.GetTimestamp(), forms);
        return forms;
    }

    /// <summary>
    /// Of each content the form that most holders have; the shorter one of two. A compact form has a half to a tenth of the bytes, so it
    /// is worth it when there is a holder of it for every two others at least.
    /// </summary>
    internal static IReadOnlyDictionary<ContentHash, CompactOffer> Choose(IReadOnlyList<IReadOnlyList<CompactOffer>> answers)
    {
        var counts = new Dictionary<CompactOffer, int>();
        foreach (var offer in answers.SelectMany(static answer => answer.Distinct()))
        {
            counts[offer] = counts.GetValueOrDefault(offer) + 1;
        }

        return counts
            .GroupBy(static pair => pair.Key.Content)
            .Select(static group => group.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.LengthBytes).First())
            .Where(best => best.Value * 3 >= answers.Count)
            .ToDictionary(static best => best.Key.Content, static best => best.Key);
    }

    private async Task<IReadOnlyList<CompactOffer>> AskAsync(NodeId holder, string study, CancellationToken ct)
    {
        try
        {
            await using var stream = await links.OpenAsync(holder, FormsService.ProtocolName, LinkPriority.Interactive, ct);
            FormsMessages.WriteQuestion(stream.Output, study);
            await stream.Output.FlushAsync(ct);
            await stream.Output.CompleteAsync();
            return await FormsMessages.ReadAnswerAsync(stream.Input, ct);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Away, slow, or of an older release: it is asked for the contents as they are.
            return [];
        }
    }

    private sealed record Answer(long At, IReadOnlyDictionary<ContentHash, CompactOffer> Forms);
}

using Panal.Archive.Retrieve;
using Panal.Dicom;

namespace Panal.ServiceClasses.Storage;

/// <summary>One presentation context to propose for sending.</summary>
internal sealed record PlannedContext(string SopClassUid, IReadOnlyList<string> TransferSyntaxUids);

/// <summary>What goes over one association.</summary>
internal sealed record SendingBatch(IReadOnlyList<PlannedContext> Contexts, IReadOnlyList<SendableInstance> Instances);

/// <summary>Spreads instances over as few associations as their presentation contexts allow.</summary>
/// <remarks>
/// A stored transfer syntax has a context of its own: in a context with several the receiver would choose, and might choose one that
/// the bytes are not in. The uncompressed ones share another context of the SOP class, which every receiver must accept (PS3.5 §10.1);
/// and where something is stored compressed, the lossless syntaxes that it can be given as share a third. What a foreign archive only
/// offers is in a syntax that nobody knows before it has come, and goes by the shared ones.
/// </remarks>
internal static class SendingPlan
{
    /// <summary>PS3.8 §9.3.2.2: odd identifiers from 1 to 255.</summary>
    public const int MaximumContexts = 128;

    // Beside those of the stored syntaxes: one for uncompressed, one for lossless syntaxes.
    private const int SharedContexts = 2;

    private static readonly string[] Uncompressed = [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian];

    /// <summary>Returns the batches, each with the instances in the order given.</summary>
    public static IReadOnlyList<SendingBatch> Create(IReadOnlyList<SendableInstance> instances)
    {
        var batches = new List<List<PlannedContext>>();
        var batchOf = new Dictionary<(string, string), int>();
        foreach (var sopClass in instances.GroupBy(instance => instance.SopClassUid, StringComparer.Ordinal))
        {
            foreach (var part in ContextsOf(sopClass.Key, [.. sopClass.Select(instance => instance.TransferSyntaxUid).Distinct()]))
            {
                if (batches.Count == 0 || batches[^1].Count + part.Contexts.Count > MaximumContexts)
                {
                    batches.Add([]);
                }

                batches[^1].AddRange(part.Contexts);
                foreach (var syntax in part.Syntaxes)
                {
                    batchOf[(sopClass.Key, syntax)] = batches.Count - 1;
                }
            }
        }

        var byBatch = instances.ToLookup(instance => batchOf[(instance.SopClassUid, instance.TransferSyntaxUid)]);
        return [.. batches.Select((batch, index) => new SendingBatch(batch, [.. byBatch[index]]))];
    }

    /// <summary>Splits the contexts of one SOP class where it was stored in more syntaxes than one association can carry.</summary>
    private static IEnumerable<(IReadOnlyList<PlannedContext> Contexts, string[] Syntaxes)> ContextsOf(string sopClassUid, string[] storedSyntaxes)
    {
        foreach (var syntaxes in storedSyntaxes.Chunk(MaximumContexts - SharedContexts))
        {
            string[] known = [.. syntaxes.Where(static syntax => syntax.Length > 0)];
            List<PlannedContext> contexts = [.. known.Select(syntax => new PlannedContext(sopClassUid, [syntax]))];
            string[] others = [.. Uncompressed.Except(known)];
            if (others.Length > 0)
            {
                contexts.Add(new PlannedContext(sopClassUid, others));
            }

            string[] lossless = [.. Retriever.LosslessTransferSyntaxUids.Except(known)];
            if (lossless.Length > 0 && (known.Length < syntaxes.Length || known.Any(Retriever.IsTranscoded)))
            {
                contexts.Add(new PlannedContext(sopClassUid, lossless));
            }

            yield return (contexts, syntaxes);
        }
    }
}

using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Storage;

namespace Panal.ServiceClasses.Peers;

/// <summary>Makes presentation contexts to propose.</summary>
internal static class Proposals
{
    private static readonly string[] Decodable = [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian];

    // What archives hold, the most frequent first; the rest of what the standard knows follows.
    private static readonly string[] ByFrequency =
    [
        Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian, Uids.JPEGLosslessSV1, Uids.JPEG2000Lossless, Uids.JPEGBaseline8Bit, Uids.JPEGLSLossless,
        Uids.RLELossless, Uids.JPEG2000, Uids.JPEGExtended12Bit, Uids.ExplicitVRBigEndian, Uids.DeflatedExplicitVRLittleEndian, Uids.JPEGLSNearLossless,
        Uids.JPEGLossless, Uids.HTJ2KLossless, Uids.HTJ2K, Uids.MPEG4HP41,
    ];

    private static readonly string[] Everything =
        [.. ByFrequency.Union(TransferSyntax.All.Select(syntax => syntax.Uid).Order(StringComparer.Ordinal), StringComparer.Ordinal)];

    /// <summary>One context for each abstract syntax, in the transfer syntaxes that every peer understands.</summary>
    public static ProposedPresentationContext[] ForData(params ReadOnlySpan<string> abstractSyntaxUids)
    {
        var contexts = new ProposedPresentationContext[abstractSyntaxUids.Length];
        for (var i = 0; i < contexts.Length; i++)
        {
            contexts[i] = new ProposedPresentationContext(Identifier(i), abstractSyntaxUids[i], Decodable);
        }

        return contexts;
    }

    /// <summary>Contexts to receive storage classes in: one for each transfer syntax, so that the sender need not convert what it has.</summary>
    /// <param name="sopClassUids">What may come.</param>
    /// <param name="firstIndex">Contexts that stand before; no more than 128 in all are proposed, the frequent syntaxes of all classes first.</param>
    public static IEnumerable<ProposedPresentationContext> ForReceiving(IReadOnlyList<string> sopClassUids, int firstIndex) =>
        Everything
            .SelectMany(_ => sopClassUids, (syntax, sopClassUid) => (sopClassUid, syntax))
            .Take(SendingPlan.MaximumContexts - firstIndex)
            .Select((one, index) => new ProposedPresentationContext(Identifier(firstIndex + index), one.sopClassUid, [one.syntax]));

    /// <summary>Identifiers are odd, from 1 to 255. PS3.8 §9.3.2.2.</summary>
    public static byte Identifier(int index) => (byte)((2 * index) + 1);
}

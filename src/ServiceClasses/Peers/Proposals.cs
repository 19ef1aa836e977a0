using Panal.Dicom;
using Panal.Dimse;

namespace Panal.ServiceClasses.Peers;

/// <summary>Makes presentation contexts to propose.</summary>
internal static class Proposals
{
    private static readonly string[] Decodable = [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian];

    // Compressed ones first: a peer that chooses by our order keeps what it has, and all have the uncompressed ones to fall back to.
    private static readonly string[] Everything =
        [.. TransferSyntax.All.Where(syntax => syntax.IsEncapsulated).Select(syntax => syntax.Uid).Order(StringComparer.Ordinal), .. Decodable, Uids.DeflatedExplicitVRLittleEndian, Uids.ExplicitVRBigEndian];

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

    /// <summary>One context for each storage class with every transfer syntax that the standard knows: the sender keeps what it has.</summary>
    public static IEnumerable<ProposedPresentationContext> ForStorage(IEnumerable<string> sopClassUids, int firstIndex) =>
        sopClassUids.Select((uid, index) => new ProposedPresentationContext(Identifier(firstIndex + index), uid, Everything));

    /// <summary>Identifiers are odd, from 1 to 255. PS3.8 §9.3.2.2.</summary>
    public static byte Identifier(int index) => (byte)((2 * index) + 1);
}

namespace Panal.Dimse;

/// <summary>One presentation context that the requestor proposes (PS3.8 §9.3.2.2, Table 9-13).</summary>
/// <param name="Id">Odd number from 1 to 255.</param>
/// <param name="AbstractSyntax">UID of the SOP class or Meta SOP class.</param>
/// <param name="TransferSyntaxes">UIDs in the requestor's order.</param>
public sealed record ProposedPresentationContext(byte Id, string AbstractSyntax, IReadOnlyList<string> TransferSyntaxes);

/// <summary>Answer to one proposed context (PS3.8 §9.3.3.2, Table 9-18).</summary>
public enum PresentationContextResult : byte
{
    Acceptance = 0,
    UserRejection = 1,
    NoReason = 2,
    AbstractSyntaxNotSupported = 3,
    TransferSyntaxesNotSupported = 4,
}

/// <summary>The answer to one proposed context, as A-ASSOCIATE-AC tells it (PS3.8 §9.3.3.2, Table 9-18).</summary>
/// <param name="Id">The proposed context's number.</param>
/// <param name="Result">Acceptance or the reason of refusal.</param>
/// <param name="TransferSyntax">The chosen UID; without meaning when refused.</param>
public sealed record PresentationContextReply(byte Id, PresentationContextResult Result, string TransferSyntax);

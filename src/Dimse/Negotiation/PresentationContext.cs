using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>One accepted presentation context.</summary>
/// <param name="Id">Odd number from 1 to 255.</param>
/// <param name="AbstractSyntax">UID of the SOP class or Meta SOP class.</param>
/// <param name="TransferSyntax">How data sets are encoded in it; command sets are always implicit VR little endian.</param>
/// <param name="RequestorIsScu">The association's requestor may invoke operations; the default (PS3.7 §D.3.3.4).</param>
/// <param name="RequestorIsScp">The association's requestor performs operations: C-GET's C-STORE needs it.</param>
public sealed record PresentationContext(
    byte Id, string AbstractSyntax, TransferSyntax TransferSyntax, bool RequestorIsScu, bool RequestorIsScp);

namespace Panal.Dimse;

/// <summary>Events of the upper layer (PS3.8 §9.2.2, Table 9-10, left column).</summary>
internal enum UpperLayerEvent : byte
{
    AssociateRequestPrimitive = 1,
    TransportConfirmed = 2,
    AssociateAcceptPdu = 3,
    AssociateRejectPdu = 4,
    TransportIndication = 5,
    AssociateRequestPdu = 6,
    AssociateAcceptPrimitive = 7,
    AssociateRejectPrimitive = 8,
    DataPrimitive = 9,
    DataPdu = 10,
    ReleaseRequestPrimitive = 11,
    ReleaseRequestPdu = 12,
    ReleaseReplyPdu = 13,
    ReleaseResponsePrimitive = 14,
    AbortPrimitive = 15,
    AbortPdu = 16,
    TransportClosed = 17,
    ArtimExpired = 18,
    InvalidPdu = 19,
}

namespace Panal.Dimse;

/// <summary>States of one association of the upper layer (PS3.8 §9.2.1, Tables 9-1 to 9-5).</summary>
public enum UpperLayerState : byte
{
    /// <summary>Sta1: idle.</summary>
    Idle = 1,

    /// <summary>Sta2: transport connection open, awaiting A-ASSOCIATE-RQ.</summary>
    AwaitingAssociateRequest = 2,

    /// <summary>Sta3: awaiting the local decision on the request.</summary>
    AwaitingLocalAssociateResponse = 3,

    /// <summary>Sta4: awaiting the opening of the transport connection.</summary>
    AwaitingTransport = 4,

    /// <summary>Sta5: awaiting A-ASSOCIATE-AC or A-ASSOCIATE-RJ.</summary>
    AwaitingAssociateReply = 5,

    /// <summary>Sta6: established, ready for data transfer.</summary>
    Established = 6,

    /// <summary>Sta7: awaiting A-RELEASE-RP.</summary>
    AwaitingReleaseReply = 7,

    /// <summary>Sta8: awaiting the local answer to A-RELEASE-RQ.</summary>
    AwaitingLocalReleaseResponse = 8,

    /// <summary>Sta9: release collision, requestor side, awaiting the local answer.</summary>
    CollisionRequestorAwaitingLocal = 9,

    /// <summary>Sta10: release collision, acceptor side, awaiting A-RELEASE-RP.</summary>
    CollisionAcceptorAwaitingReply = 10,

    /// <summary>Sta11: release collision, requestor side, awaiting A-RELEASE-RP.</summary>
    CollisionRequestorAwaitingReply = 11,

    /// <summary>Sta12: release collision, acceptor side, awaiting the local answer.</summary>
    CollisionAcceptorAwaitingLocal = 12,

    /// <summary>Sta13: awaiting the close of the transport connection.</summary>
    AwaitingClose = 13,
}

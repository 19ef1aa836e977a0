namespace Panal.Dimse;

/// <summary>Actions of the upper layer (PS3.8 Tables 9-6 to 9-9); <see cref="None"/> is a cell that the standard leaves empty.</summary>
internal enum UpperLayerAction : byte
{
    None,

    /// <summary>Ask for a transport connection.</summary>
    AE1,

    /// <summary>Send A-ASSOCIATE-RQ.</summary>
    AE2,

    /// <summary>Tell the user of the acceptance.</summary>
    AE3,

    /// <summary>Tell the user of the rejection, close the transport connection.</summary>
    AE4,

    /// <summary>Take the transport connection, start ARTIM.</summary>
    AE5,

    /// <summary>Stop ARTIM; tell the user of the request, or send A-ASSOCIATE-RJ and start ARTIM.</summary>
    AE6,

    /// <summary>Send A-ASSOCIATE-AC.</summary>
    AE7,

    /// <summary>Send A-ASSOCIATE-RJ, start ARTIM.</summary>
    AE8,

    /// <summary>Send P-DATA-TF.</summary>
    DT1,

    /// <summary>Hand P-DATA to the user.</summary>
    DT2,

    /// <summary>Send A-RELEASE-RQ.</summary>
    AR1,

    /// <summary>Tell the user of the release request.</summary>
    AR2,

    /// <summary>Tell the user of the release, close the transport connection.</summary>
    AR3,

    /// <summary>Send A-RELEASE-RP, start ARTIM.</summary>
    AR4,

    /// <summary>Stop ARTIM.</summary>
    AR5,

    /// <summary>Hand P-DATA to the user, who has asked for release.</summary>
    AR6,

    /// <summary>Send P-DATA-TF although the peer has asked for release.</summary>
    AR7,

    /// <summary>Tell the user of a release collision.</summary>
    AR8,

    /// <summary>Send A-RELEASE-RP.</summary>
    AR9,

    /// <summary>Tell the user of the release reply.</summary>
    AR10,

    /// <summary>Send A-ABORT (service-user), start ARTIM.</summary>
    AA1,

    /// <summary>Stop ARTIM, close the transport connection.</summary>
    AA2,

    /// <summary>Tell the user of the peer's abort, close the transport connection.</summary>
    AA3,

    /// <summary>Tell the user that the provider aborted.</summary>
    AA4,

    /// <summary>Stop ARTIM.</summary>
    AA5,

    /// <summary>Ignore the PDU.</summary>
    AA6,

    /// <summary>Send A-ABORT.</summary>
    AA7,

    /// <summary>Send A-ABORT (service-provider), tell the user, start ARTIM.</summary>
    AA8,
}

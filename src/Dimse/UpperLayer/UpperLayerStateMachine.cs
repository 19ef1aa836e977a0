using static Panal.Dimse.UpperLayerAction;

namespace Panal.Dimse;

/// <summary>The state machine of one association: PS3.8 Table 9-10 and the next states of Tables 9-6 to 9-9.</summary>
/// <remarks>Not synchronised: the connection that owns it holds its lock.</remarks>
internal sealed class UpperLayerStateMachine
{
    internal const int StateCount = 13;
    internal const int EventCount = 19;

    private readonly bool isRequestor;

    /// <summary>Starts in Sta1.</summary>
    /// <param name="isRequestor">Whether this side asked for the association: it decides AR-8.</param>
    public UpperLayerStateMachine(bool isRequestor) => this.isRequestor = isRequestor;

    public UpperLayerState State { get; private set; } = UpperLayerState.Idle;

    // PS3.8 Table 9-10.
    private static ReadOnlySpan<UpperLayerAction> Table =>
    [
        // Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
        AE1,  None, None, None, None, None, None, None, None, None, None, None, None, // Evt1  A-ASSOCIATE request (local user)
        None, None, None, AE2,  None, None, None, None, None, None, None, None, None, // Evt2  transport connect confirmation
        None, AA1,  AA8,  None, AE3,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA6,  // Evt3  A-ASSOCIATE-AC PDU
        None, AA1,  AA8,  None, AE4,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA6,  // Evt4  A-ASSOCIATE-RJ PDU
        AE5,  None, None, None, None, None, None, None, None, None, None, None, None, // Evt5  transport connect indication
        None, AE6,  AA8,  None, AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA7,  // Evt6  A-ASSOCIATE-RQ PDU
        None, None, AE7,  None, None, None, None, None, None, None, None, None, None, // Evt7  A-ASSOCIATE response: accept
        None, None, AE8,  None, None, None, None, None, None, None, None, None, None, // Evt8  A-ASSOCIATE response: reject
        None, None, None, None, None, DT1,  None, AR7,  None, None, None, None, None, // Evt9  P-DATA request
        None, AA1,  AA8,  None, AA8,  DT2,  AR6,  AA8,  AA8,  AA8,  AA8,  AA8,  AA6,  // Evt10 P-DATA-TF PDU
        None, None, None, None, None, AR1,  None, None, None, None, None, None, None, // Evt11 A-RELEASE request
        None, AA1,  AA8,  None, AA8,  AR2,  AR8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA6,  // Evt12 A-RELEASE-RQ PDU
        None, AA1,  AA8,  None, AA8,  AA8,  AR3,  AA8,  AA8,  AR10, AR3,  AA8,  AA6,  // Evt13 A-RELEASE-RP PDU
        None, None, None, None, None, None, None, AR4,  AR9,  None, None, AR4,  None, // Evt14 A-RELEASE response
        None, None, AA1,  AA2,  AA1,  AA1,  AA1,  AA1,  AA1,  AA1,  AA1,  AA1,  None, // Evt15 A-ABORT request
        None, AA2,  AA3,  None, AA3,  AA3,  AA3,  AA3,  AA3,  AA3,  AA3,  AA3,  AA2,  // Evt16 A-ABORT PDU
        None, AA5,  AA4,  AA4,  AA4,  AA4,  AA4,  AA4,  AA4,  AA4,  AA4,  AA4,  AR5,  // Evt17 transport connection closed
        None, AA2,  None, None, None, None, None, None, None, None, None, None, AA2,  // Evt18 ARTIM timer expired
        None, AA1,  AA8,  None, AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA8,  AA7,  // Evt19 unrecognized or invalid PDU
    ];

    /// <summary>What the table says for an event in a state; <see cref="None"/> where the cell is empty.</summary>
    public static UpperLayerAction Lookup(UpperLayerEvent @event, UpperLayerState state) =>
        Table[(((int)@event - 1) * StateCount) + (int)state - 1];

    /// <summary>What the table says for an event in the present state, without moving.</summary>
    public UpperLayerAction Peek(UpperLayerEvent @event) => Lookup(@event, State);

    /// <summary>Moves by an event and returns the action to perform; an empty cell moves nothing.</summary>
    public UpperLayerAction Apply(UpperLayerEvent @event)
    {
        var action = Lookup(@event, State);
        State = Next(action, State, isRequestor);
        return action;
    }

    /// <summary>AE-6's second way out: the provider itself refuses the request (Sta3 becomes Sta13).</summary>
    public void RefuseByProvider() => State = UpperLayerState.AwaitingClose;

    /// <summary>The state after an action: the "Next State" of PS3.8 Tables 9-6 to 9-9.</summary>
    internal static UpperLayerState Next(UpperLayerAction action, UpperLayerState state, bool isRequestor) => action switch
    {
        AE1 => UpperLayerState.AwaitingTransport,
        AE2 => UpperLayerState.AwaitingAssociateReply,
        AE3 or AE7 or DT1 or DT2 => UpperLayerState.Established,
        AE5 => UpperLayerState.AwaitingAssociateRequest,
        AE6 => UpperLayerState.AwaitingLocalAssociateResponse,
        AR1 or AR6 => UpperLayerState.AwaitingReleaseReply,
        AR2 or AR7 => UpperLayerState.AwaitingLocalReleaseResponse,
        AR8 when isRequestor => UpperLayerState.CollisionRequestorAwaitingLocal,
        AR8 => UpperLayerState.CollisionAcceptorAwaitingReply,
        AR9 => UpperLayerState.CollisionRequestorAwaitingReply,
        AR10 => UpperLayerState.CollisionAcceptorAwaitingLocal,
        AE8 or AR4 or AA1 or AA6 or AA7 or AA8 => UpperLayerState.AwaitingClose,
        AE4 or AR3 or AR5 or AA2 or AA3 or AA4 or AA5 => UpperLayerState.Idle,
        _ => state,
    };
}

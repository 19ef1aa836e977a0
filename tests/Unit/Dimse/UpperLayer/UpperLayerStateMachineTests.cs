using System.Globalization;
using Panal.Dimse;

namespace Panal.Unit.Dimse.UpperLayer;

public sealed class UpperLayerStateMachineTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_247_cells_equal_the_standards_table(bool isRequestor)
    {
        var cells = 0;
        foreach (var line in File.ReadLines(Vectors.PathOf("ps3.8-table-9-10.tsv")))
        {
            if (line.StartsWith('#') || line.StartsWith("event", StringComparison.Ordinal))
            {
                continue;
            }

            var columns = line.Split('\t');
            var @event = (UpperLayerEvent)int.Parse(columns[0], CultureInfo.InvariantCulture);
            for (var state = 1; state <= 13; state++)
            {
                Assert.True(CellIs(columns[state], @event, (UpperLayerState)state, isRequestor), $"Evt{columns[0]} in Sta{state}");
                cells++;
            }
        }

        Assert.Equal(247, cells);
    }

    [Fact]
    public void An_empty_cell_moves_nothing()
    {
        var machine = new UpperLayerStateMachine(isRequestor: true);
        Assert.Equal(UpperLayerAction.None, machine.Apply(UpperLayerEvent.DataPdu));
        Assert.Equal(UpperLayerState.Idle, machine.State);
    }

    [Fact]
    public void A_request_that_the_provider_refuses_leads_to_state_13()
    {
        var machine = new UpperLayerStateMachine(isRequestor: false);
        machine.Apply(UpperLayerEvent.TransportIndication);
        Assert.Equal(UpperLayerAction.AE6, machine.Apply(UpperLayerEvent.AssociateRequestPdu));
        machine.RefuseByProvider();
        Assert.Equal(UpperLayerState.AwaitingClose, machine.State);
    }

    [Fact]
    public void Both_sides_walk_through_a_release_collision_to_the_end()
    {
        var requestor = Establish(isRequestor: true);
        var acceptor = Establish(isRequestor: false);
        requestor.Apply(UpperLayerEvent.ReleaseRequestPrimitive);
        acceptor.Apply(UpperLayerEvent.ReleaseRequestPrimitive);
        Assert.Equal(UpperLayerAction.AR8, requestor.Apply(UpperLayerEvent.ReleaseRequestPdu));
        Assert.Equal(UpperLayerAction.AR8, acceptor.Apply(UpperLayerEvent.ReleaseRequestPdu));
        Assert.Equal(UpperLayerAction.AR9, requestor.Apply(UpperLayerEvent.ReleaseResponsePrimitive));
        Assert.Equal(UpperLayerAction.AR10, acceptor.Apply(UpperLayerEvent.ReleaseReplyPdu));
        Assert.Equal(UpperLayerAction.AR4, acceptor.Apply(UpperLayerEvent.ReleaseResponsePrimitive));
        Assert.Equal(UpperLayerAction.AR3, requestor.Apply(UpperLayerEvent.ReleaseReplyPdu));
        Assert.Equal(UpperLayerState.Idle, requestor.State);
        Assert.Equal(UpperLayerState.AwaitingClose, acceptor.State);
    }

    private static bool CellIs(string cell, UpperLayerEvent @event, UpperLayerState state, bool isRequestor)
    {
        var action = UpperLayerStateMachine.Lookup(@event, state);
        var next = UpperLayerStateMachine.Next(action, state, isRequestor);
        if (cell == "-")
        {
            return action == UpperLayerAction.None && next == state;
        }

        var parts = cell.Split('>');
        var expectedNext = parts[1].Split('/') is [var requestor, var acceptor] ? (isRequestor ? requestor : acceptor)[1..] : parts[1];
        return action.ToString() == parts[0].Replace("-", string.Empty, StringComparison.Ordinal)
            && (int)next == int.Parse(expectedNext, CultureInfo.InvariantCulture);
    }

    private static UpperLayerStateMachine Establish(bool isRequestor)
    {
        var machine = new UpperLayerStateMachine(isRequestor);
        UpperLayerEvent[] events = isRequestor
            ? [UpperLayerEvent.AssociateRequestPrimitive, UpperLayerEvent.TransportConfirmed, UpperLayerEvent.AssociateAcceptPdu]
            : [UpperLayerEvent.TransportIndication, UpperLayerEvent.AssociateRequestPdu, UpperLayerEvent.AssociateAcceptPrimitive];
        foreach (var @event in events)
        {
            machine.Apply(@event);
        }

        Assert.Equal(UpperLayerState.Established, machine.State);
        return machine;
    }
}

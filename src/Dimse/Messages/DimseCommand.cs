using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>A request that we send: its context and command set; the message ID and the data set type are set when it is sent.</summary>
public sealed class DimseCommand
{
    /// <summary>Any command, for what the factories do not offer.</summary>
    /// <param name="context">An accepted context.</param>
    /// <param name="field">Which service.</param>
    /// <param name="elements">Elements of group 0000 beside the command field, the message ID, the data set type and the group length.</param>
    public DimseCommand(PresentationContext context, CommandField field, DataSet elements)
    {
        Context = context;
        Field = field;
        Elements = elements;
        elements.SetUInt16(Tags.CommandField, (ushort)field);
    }

    public PresentationContext Context { get; }

    public CommandField Field { get; }

    /// <summary>The command set.</summary>
    public DataSet Elements { get; }

    /// <summary>The message ID, once it is sent; names it in <see cref="Association.CancelAsync"/>.</summary>
    public ushort MessageId { get; internal set; }

    /// <summary>C-ECHO (PS3.7 §9.3.5).</summary>
    public static DimseCommand Echo(PresentationContext context) => Affected(context, CommandField.CEcho, context.AbstractSyntax);

    /// <summary>C-STORE (PS3.7 §9.3.1).</summary>
    public static DimseCommand Store(PresentationContext context, string sopClassUid, string sopInstanceUid, DimsePriority priority)
    {
        var command = Affected(context, CommandField.CStore, sopClassUid);
        command.Elements.Set(Tags.AffectedSOPInstanceUID, sopInstanceUid);
        command.Elements.SetUInt16(Tags.Priority, (ushort)priority);
        return command;
    }

    /// <summary>C-STORE as a sub-operation of a C-MOVE (PS3.7 §9.3.1).</summary>
    public static DimseCommand Store(
        PresentationContext context, string sopClassUid, string sopInstanceUid, DimsePriority priority, string moveOriginatorAeTitle, ushort moveOriginatorMessageId)
    {
        var command = Store(context, sopClassUid, sopInstanceUid, priority);
        command.Elements.Set(Tags.MoveOriginatorApplicationEntityTitle, moveOriginatorAeTitle);
        command.Elements.SetUInt16(Tags.MoveOriginatorMessageID, moveOriginatorMessageId);
        return command;
    }

    /// <summary>C-FIND (PS3.7 §9.3.2).</summary>
    public static DimseCommand Find(PresentationContext context, DimsePriority priority) => Query(context, CommandField.CFind, priority);

    /// <summary>C-GET (PS3.7 §9.3.3).</summary>
    public static DimseCommand Get(PresentationContext context, DimsePriority priority) => Query(context, CommandField.CGet, priority);

    /// <summary>C-MOVE (PS3.7 §9.3.4).</summary>
    public static DimseCommand Move(PresentationContext context, DimsePriority priority, string destinationAeTitle)
    {
        var command = Query(context, CommandField.CMove, priority);
        command.Elements.Set(Tags.MoveDestination, destinationAeTitle);
        return command;
    }

    /// <summary>N-EVENT-REPORT (PS3.7 §10.3.1).</summary>
    public static DimseCommand EventReport(PresentationContext context, string sopClassUid, string sopInstanceUid, ushort eventTypeId)
    {
        var command = Affected(context, CommandField.NEventReport, sopClassUid);
        command.Elements.Set(Tags.AffectedSOPInstanceUID, sopInstanceUid);
        command.Elements.SetUInt16(Tags.EventTypeID, eventTypeId);
        return command;
    }

    /// <summary>N-GET (PS3.7 §10.3.2).</summary>
    public static DimseCommand NGet(PresentationContext context, string sopClassUid, string sopInstanceUid, params ReadOnlySpan<Tag> attributes)
    {
        var command = Requested(context, CommandField.NGet, sopClassUid, sopInstanceUid);
        if (!attributes.IsEmpty)
        {
            command.Elements.SetTags(Tags.AttributeIdentifierList, attributes);
        }

        return command;
    }

    /// <summary>N-SET (PS3.7 §10.3.3).</summary>
    public static DimseCommand NSet(PresentationContext context, string sopClassUid, string sopInstanceUid) =>
        Requested(context, CommandField.NSet, sopClassUid, sopInstanceUid);

    /// <summary>N-ACTION (PS3.7 §10.3.4).</summary>
    public static DimseCommand Action(PresentationContext context, string sopClassUid, string sopInstanceUid, ushort actionTypeId)
    {
        var command = Requested(context, CommandField.NAction, sopClassUid, sopInstanceUid);
        command.Elements.SetUInt16(Tags.ActionTypeID, actionTypeId);
        return command;
    }

    /// <summary>N-CREATE (PS3.7 §10.3.5); without an instance UID the peer chooses one.</summary>
    public static DimseCommand NCreate(PresentationContext context, string sopClassUid, string? sopInstanceUid)
    {
        var command = Affected(context, CommandField.NCreate, sopClassUid);
        if (sopInstanceUid is not null)
        {
            command.Elements.Set(Tags.AffectedSOPInstanceUID, sopInstanceUid);
        }

        return command;
    }

    /// <summary>N-DELETE (PS3.7 §10.3.6).</summary>
    public static DimseCommand NDelete(PresentationContext context, string sopClassUid, string sopInstanceUid) =>
        Requested(context, CommandField.NDelete, sopClassUid, sopInstanceUid);

    private static DimseCommand Affected(PresentationContext context, CommandField field, string sopClassUid)
    {
        var elements = new DataSet();
        elements.Set(Tags.AffectedSOPClassUID, sopClassUid);
        return new DimseCommand(context, field, elements);
    }

    private static DimseCommand Query(PresentationContext context, CommandField field, DimsePriority priority)
    {
        var command = Affected(context, field, context.AbstractSyntax);
        command.Elements.SetUInt16(Tags.Priority, (ushort)priority);
        return command;
    }

    private static DimseCommand Requested(PresentationContext context, CommandField field, string sopClassUid, string sopInstanceUid)
    {
        var elements = new DataSet();
        elements.Set(Tags.RequestedSOPClassUID, sopClassUid);
        elements.Set(Tags.RequestedSOPInstanceUID, sopInstanceUid);
        return new DimseCommand(context, field, elements);
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>Performs the operations that peers invoke.</summary>
public interface IDimseService
{
    /// <summary>
    /// Performs one operation and answers it by <see cref="DimseRequest.RespondAsync(ushort, DataSet?, Action{DataSet}?, CancellationToken)"/>.
    /// </summary>
    /// <param name="request">The operation; valid until the returned task ends.</param>
    /// <param name="ct">Fires on C-CANCEL (see <see cref="DimseRequest.IsCancelRequested"/>), and when the association ends.</param>
    ValueTask HandleAsync(DimseRequest request, CancellationToken ct);
}

/// <summary>An operation that the peer invoked (PS3.7 §9 and §10).</summary>
public sealed class DimseRequest
{
    private readonly PdvReader? dataSet;
    private volatile bool isCancelRequested;
    private volatile bool isAnswering;

    internal DimseRequest(Association association, PresentationContext context, DataSet command, PdvReader? dataSet)
    {
        Association = association;
        Context = context;
        Command = command;
        this.dataSet = dataSet;
        CommandField = (CommandField)(command.GetUInt16(Tags.CommandField) ?? 0);
        MessageId = command.GetUInt16(Tags.MessageID) ?? 0;
        SopClassUid = command.GetString(CommandField.NamesRequestedSopInstance() ? Tags.RequestedSOPClassUID : Tags.AffectedSOPClassUID);
        SopInstanceUid = command.GetString(CommandField.NamesRequestedSopInstance() ? Tags.RequestedSOPInstanceUID : Tags.AffectedSOPInstanceUID);
    }

    public Association Association { get; }

    /// <summary>The context that the message came in.</summary>
    public PresentationContext Context { get; }

    /// <summary>The command set (group 0000).</summary>
    public DataSet Command { get; }

    public CommandField CommandField { get; }

    public ushort MessageId { get; }

    /// <summary>Affected or requested SOP class, whichever the command names.</summary>
    public string? SopClassUid { get; }

    /// <summary>Affected or requested SOP instance, whichever the command names.</summary>
    public string? SopInstanceUid { get; }

    /// <summary>Whether a data set came with the command.</summary>
    public bool HasDataSet => dataSet is not null;

    /// <summary>
    /// The data set in the context's transfer syntax, as it arrives; its buffers lie in the transport's own.
    /// Complete at once when there is none. What is not read when the first response is sent is thrown away.
    /// </summary>
    public PipeReader DataSet => dataSet ?? NoDataSet.Reader;

    /// <summary>Whether the peer sent C-CANCEL for this operation.</summary>
    public bool IsCancelRequested => isCancelRequested;

    /// <summary>Whether the final response was sent.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>Reads and decodes the data set whole.</summary>
    /// <exception cref="DicomFormatException">It is malformed, or longer than the identifier limit.</exception>
    public ValueTask<DataSet> ReadIdentifierAsync(CancellationToken ct) =>
        IdentifierReader.ReadAsync(DataSet, Context.TransferSyntax, Association.Options.IdentifierLimitBytes, ct);

    /// <summary>Answers without data set.</summary>
    public ValueTask RespondAsync(ushort status, CancellationToken ct) => RespondAsync(status, identifier: null, more: null, ct);

    /// <summary>Answers: once finally, after any number of pending responses.</summary>
    /// <param name="status">Status of the service class.</param>
    /// <param name="identifier">Data set of the response, or null.</param>
    /// <param name="more">Adds to the command set, beside what the message exchange sets; or null.</param>
    /// <param name="ct">Gives up waiting for the turn to write.</param>
    /// <exception cref="InvalidOperationException">The final response was sent already.</exception>
    /// <exception cref="AssociationEndedException">The association ended meanwhile.</exception>
    public ValueTask RespondAsync(ushort status, DataSet? identifier, Action<DataSet>? more, CancellationToken ct) =>
        RespondAsync(status, identifier, more, isHeld: false, ct);

    /// <summary>Answers with one match of many: it leaves with those that follow, with the final response at the latest.</summary>
    /// <param name="status">A pending status.</param>
    /// <param name="match">Data set of the response.</param>
    /// <param name="ct">Gives up waiting for the turn to write.</param>
    /// <exception cref="InvalidOperationException">The final response was sent already.</exception>
    /// <exception cref="AssociationEndedException">The association ended meanwhile.</exception>
    public ValueTask RespondWithMatchAsync(ushort status, DataSet match, CancellationToken ct) => RespondAsync(status, match, more: null, isHeld: true, ct);

    private async ValueTask RespondAsync(ushort status, DataSet? identifier, Action<DataSet>? more, bool isHeld, CancellationToken ct)
    {
        if (IsAnswered)
        {
            throw new InvalidOperationException("The final response was sent already.");
        }

        // From here on the loop reads on, so that C-CANCEL comes through.
        LeaveDataSet();
        var command = BeginResponse(status);
        more?.Invoke(command);
        var isFinal = !DimseStatus.IsPending(status);
        try
        {
            // Before a byte leaves: the peer may send its next request before the write has returned here.
            isAnswering = isFinal;
            await Association.Sender.SendAsync(Context, command, identifier, isHeld, ct);
            IsAnswered = isFinal;
        }
        finally
        {
            isAnswering = IsAnswered;
        }
    }

    /// <summary>Whether the final response is on its way, or sent.</summary>
    internal bool IsAnswering => isAnswering;

    internal void RequestCancel() => isCancelRequested = true;

    internal void LeaveDataSet() => dataSet?.Complete();

    // Responses always say "affected", also where the request says "requested" (PS3.7 §10.3).
    private DataSet BeginResponse(ushort status)
    {
        var response = new DataSet();
        if (SopClassUid is not null)
        {
            response.Set(Tags.AffectedSOPClassUID, SopClassUid);
        }

        response.SetUInt16(Tags.CommandField, (ushort)((ushort)CommandField | CommandFields.ResponseBit));
        response.SetUInt16(Tags.MessageIDBeingRespondedTo, MessageId);
        response.SetUInt16(Tags.Status, status);
        if (SopInstanceUid is not null)
        {
            response.Set(Tags.AffectedSOPInstanceUID, SopInstanceUid);
        }

        if (Command.GetUInt16(Tags.ActionTypeID) is { } action)
        {
            response.SetUInt16(Tags.ActionTypeID, action);
        }

        if (Command.GetUInt16(Tags.EventTypeID) is { } @event)
        {
            response.SetUInt16(Tags.EventTypeID, @event);
        }

        return response;
    }
}

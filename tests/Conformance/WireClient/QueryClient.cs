namespace Panal.Conformance.WireClient;

/// <summary>What a C-GET or C-MOVE answered at its end.</summary>
public sealed record RetrieveOutcome(ushort Status, int Completed, int Failed, int Warning, string? ErrorComment);

/// <summary>Study Root C-FIND, C-GET and C-MOVE, and C-ECHO, over one association.</summary>
public sealed class QueryClient(WitnessAssociation association) : IDisposable
{
    public const string Verification = "1.2.840.10008.1.1";
    public const string StudyRootFind = "1.2.840.10008.5.1.4.1.2.2.1";
    public const string StudyRootMove = "1.2.840.10008.5.1.4.1.2.2.2";
    public const string StudyRootGet = "1.2.840.10008.5.1.4.1.2.2.3";
    public const uint QueryRetrieveLevel = 0x00080052, SopInstanceUid = 0x00080018, StudyInstanceUid = 0x0020000D, SeriesInstanceUid = 0x0020000E,
        PatientId = 0x00100020, PatientName = 0x00100010, StudyDate = 0x00080020, AccessionNumber = 0x00080050;

    /// <summary>Opens an association for queries, and for C-GET of what <see cref="SyntheticInstance"/> makes.</summary>
    public static QueryClient Open(WitnessTarget target, bool canGet = false)
    {
        List<ProposedSyntax> proposals = [];
        foreach (var abstractSyntax in (string[])[Verification, StudyRootFind, StudyRootMove, StudyRootGet])
        {
            proposals.Add(new(abstractSyntax, SyntheticInstance.ImplicitLittleEndian));
        }

        foreach (var storage in canGet ? (string[])[SyntheticInstance.CtImageStorage, SyntheticInstance.MultiFrameWordStorage] : [])
        {
            proposals.Add(new(storage, SyntheticInstance.ExplicitLittleEndian, AsScp: true));
            proposals.Add(new(storage, SyntheticInstance.ImplicitLittleEndian, AsScp: true));
        }

        return new QueryClient(WitnessAssociation.Request(target, proposals));
    }

    /// <exception cref="WitnessProtocolException">The answer is not success.</exception>
    public void Echo()
    {
        association.SendMessage(association.Context(Verification), CommandSet.Request(CommandSet.EchoRequest, association.NextMessageId(), Verification, hasDataSet: false));
        if (Answer(null).StatusCode != 0)
        {
            throw new WitnessProtocolException("C-ECHO failed.");
        }
    }

    /// <summary>All matches of one query.</summary>
    /// <exception cref="WitnessProtocolException">The last answer is not success.</exception>
    public List<Identifier> Find(string level, params ReadOnlySpan<(uint Tag, string Value)> keys)
    {
        var context = association.Context(StudyRootFind);
        association.SendMessage(context, Command(CommandSet.FindRequest, StudyRootFind), Keys(level, keys));
        var sink = new IdentifierSink();
        while (true)
        {
            var answer = Answer(sink);
            if (!answer.IsPending)
            {
                return answer.StatusCode == 0 ? sink.Identifiers : throw new WitnessProtocolException($"C-FIND ended with {answer.StatusCode:X4}.");
            }
        }
    }

    /// <summary>Brings instances to the sink over this association; each is answered with success.</summary>
    public RetrieveOutcome Get(string level, IDataSetSink sink, params ReadOnlySpan<(uint Tag, string Value)> keys)
    {
        var context = association.Context(StudyRootGet);
        association.SendMessage(context, Command(CommandSet.GetRequest, StudyRootGet), Keys(level, keys));
        var current = new CurrentContextSink(sink);
        while (true)
        {
            var message = Answer(current);
            if (message.Field == CommandSet.StoreRequest)
            {
                association.SendMessage(current.Context!, CommandSet.Response(message, 0));
            }
            else if (!message.IsPending)
            {
                return Outcome(message);
            }
        }
    }

    /// <summary>Has instances sent to the application entity named.</summary>
    public RetrieveOutcome Move(string level, string destination, params ReadOnlySpan<(uint Tag, string Value)> keys)
    {
        var command = Command(CommandSet.MoveRequest, StudyRootMove).Set(CommandSet.MoveDestination, destination);
        association.SendMessage(association.Context(StudyRootMove), command, Keys(level, keys));
        while (true)
        {
            var answer = Answer(null);
            if (!answer.IsPending)
            {
                return Outcome(answer);
            }
        }
    }

    public void Dispose()
    {
        association.Release();
        association.Dispose();
    }

    private static byte[] Keys(string level, ReadOnlySpan<(uint Tag, string Value)> keys)
    {
        var identifier = new Identifier { [QueryRetrieveLevel] = level };
        foreach (var (tag, value) in keys)
        {
            identifier[tag] = value;
        }

        return identifier.Encode();
    }

    private static RetrieveOutcome Outcome(CommandSet answer) => new(
        answer.StatusCode, answer.GetUInt16(CommandSet.CompletedSubOperations), answer.GetUInt16(CommandSet.FailedSubOperations),
        answer.GetUInt16(CommandSet.WarningSubOperations), answer.GetString(CommandSet.ErrorComment));

    private CommandSet Command(ushort field, string sopClass) =>
        CommandSet.Request(field, association.NextMessageId(), sopClass, hasDataSet: true).Set(CommandSet.Priority, (ushort)0);

    private CommandSet Answer(IDataSetSink? sink) =>
        association.ReadMessage(sink) ?? throw new WitnessProtocolException("Released before the answer.");

    private sealed class IdentifierSink : IDataSetSink
    {
        private readonly List<byte> _bytes = [];

        public List<Identifier> Identifiers { get; } = [];

        public void Begin(CommandSet command, WitnessContext context) => _bytes.Clear();

        public void Append(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

        public void End() => Identifiers.Add(Identifier.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes)));
    }

    /// <summary>Remembers the context of a sub-operation for its answer; identifiers of C-GET responses are let pass.</summary>
    private sealed class CurrentContextSink(IDataSetSink inner) : IDataSetSink
    {
        private bool _isInstance;

        public WitnessContext? Context { get; private set; }

        public void Begin(CommandSet command, WitnessContext context)
        {
            Context = context;
            _isInstance = command.Field == CommandSet.StoreRequest;
            if (_isInstance)
            {
                inner.Begin(command, context);
            }
        }

        public void Append(ReadOnlySpan<byte> bytes)
        {
            if (_isInstance)
            {
                inner.Append(bytes);
            }
        }

        public void End()
        {
            if (_isInstance)
            {
                inner.End();
            }
        }
    }
}

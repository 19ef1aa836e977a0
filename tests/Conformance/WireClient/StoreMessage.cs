namespace Panal.Conformance.WireClient;

/// <summary>
/// A C-STORE request framed once for an association and sent many times: only command and header are written anew, because
/// their lengths are constant. The pixels keep the twelve noisy bits of the first time.
/// </summary>
public sealed class StoreMessage
{
    private readonly WitnessAssociation _association;
    private readonly WitnessContext _context;
    private readonly SyntheticInstance _instance;
    private readonly byte[] _framed;
    private readonly int _commandBytes;

    /// <exception cref="ArgumentOutOfRangeException">The instance is too long for one buffer; see <see cref="StreamedStoreMessage"/>.</exception>
    public StoreMessage(WitnessAssociation association, SyntheticInstance instance, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(instance.LengthBytes, 1 << 30, nameof(instance));
        (_association, _instance) = (association, instance);
        _context = association.Context(instance.SopClass, instance.TransferSyntax);
        var dataSet = new byte[instance.LengthBytes];
        FillNoise(dataSet.AsSpan(instance.HeaderBytes), seed);
        var command = StoreCommand(instance, default, 0).Encode();
        _commandBytes = association.FramedLength(command.Length);
        _framed = new byte[_commandBytes + association.FramedLength(dataSet.Length)];
        association.Frame(_context.Id, isCommand: true, command, _framed);
        association.Frame(_context.Id, isCommand: false, dataSet, _framed.AsSpan(_commandBytes));
    }

    /// <summary>Sends one instance; with <paramref name="isCareless"/> command and each PDU in writes of their own, as old modalities do.</summary>
    /// <returns>The status answered.</returns>
    public ushort Store(SyntheticIdentity identity, bool isCareless)
    {
        var command = StoreCommand(_instance, identity, _association.NextMessageId()).Encode();
        _association.Frame(_context.Id, isCommand: true, command, _framed);
        _instance.WriteHeader(identity, _framed.AsSpan(_commandBytes + WitnessAssociation.DataPduOverheadBytes));
        if (isCareless)
        {
            _association.Send(_framed.AsSpan(0, _commandBytes));
            var pduBytes = _association.SendPduBytes + 6;
            for (var offset = _commandBytes; offset < _framed.Length; offset += pduBytes)
            {
                _association.Send(_framed.AsSpan(offset, Math.Min(pduBytes, _framed.Length - offset)));
            }
        }
        else
        {
            _association.Send(_framed);
        }

        return ReadStatus(_association);
    }

    /// <summary>Twelve random bits in sixteen: what a scanner's noise leaves of compressibility.</summary>
    public static void FillNoise(Span<byte> pixels, int seed)
    {
        new Random(seed).NextBytes(pixels);
        for (var i = 1; i < pixels.Length; i += 2)
        {
            pixels[i] &= 0x0F;
        }
    }

    internal static CommandSet StoreCommand(SyntheticInstance instance, SyntheticIdentity identity, ushort messageId) => CommandSet
        .Request(CommandSet.StoreRequest, messageId, instance.SopClass, hasDataSet: true)
        .Set(CommandSet.AffectedSopInstance, identity.SopInstanceUid).Set(CommandSet.Priority, (ushort)0);

    internal static ushort ReadStatus(WitnessAssociation association) =>
        (association.ReadMessage(null) ?? throw new WitnessProtocolException("Released before the answer.")).StatusCode;
}

/// <summary>A C-STORE of any length: the same noise again and again, never the whole in memory.</summary>
public sealed class StreamedStoreMessage(WitnessAssociation association, SyntheticInstance instance, int seed)
{
    private const int BlockBytes = 4 << 20;

    /// <summary>Sends one instance and returns the status answered.</summary>
    public ushort Store(SyntheticIdentity identity)
    {
        var context = association.Context(instance.SopClass, instance.TransferSyntax);
        var command = StoreMessage.StoreCommand(instance, identity, association.NextMessageId()).Encode();
        var start = new byte[association.FramedLength(command.Length) + WitnessAssociation.DataPduOverheadBytes + instance.HeaderBytes];
        var used = association.Frame(context.Id, isCommand: true, command, start);
        WitnessAssociation.WriteDataPduHeader(start.AsSpan(used), context.Id, 0, instance.HeaderBytes);
        instance.WriteHeader(identity, start.AsSpan(used + WitnessAssociation.DataPduOverheadBytes));
        association.Send(start);

        var fragmentBytes = (association.SendPduBytes - 6) & ~1;
        var pduBytes = fragmentBytes + WitnessAssociation.DataPduOverheadBytes;
        var block = new byte[Math.Max(1, BlockBytes / pduBytes) * pduBytes];
        StoreMessage.FillNoise(block, seed);
        for (var offset = 0; offset < block.Length; offset += pduBytes)
        {
            WitnessAssociation.WriteDataPduHeader(block.AsSpan(offset), context.Id, 0, fragmentBytes);
        }

        var remaining = instance.PixelBytes;
        for (var fragments = block.Length / pduBytes; remaining > (long)fragments * fragmentBytes; remaining -= (long)fragments * fragmentBytes)
        {
            association.Send(block);
        }

        for (var offset = 0; remaining > 0; offset += pduBytes)
        {
            var fragment = (int)Math.Min(fragmentBytes, remaining);
            remaining -= fragment;
            WitnessAssociation.WriteDataPduHeader(block.AsSpan(offset), context.Id, remaining == 0 ? (byte)2 : (byte)0, fragment);
            association.Send(block.AsSpan(offset, fragment + WitnessAssociation.DataPduOverheadBytes));
        }

        return StoreMessage.ReadStatus(association);
    }
}

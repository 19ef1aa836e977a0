using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>Limits and times of associations; each default says why.</summary>
public sealed record AssociationOptions
{
    /// <summary>Longest P-DATA-TF body that we receive, in bytes, 4,096 to 16 MiB; what PS3.8 §D.1 announces. Larger ones save peers system calls.</summary>
    public int MaximumPduLengthBytes { get; init; } = 1 << 20;

    /// <summary>Longest P-DATA-TF body that we send, in bytes, whatever more the peer takes. Larger ones leave the processor's cache.</summary>
    public int SendPduLengthBytes { get; init; } = 128 << 10;

    /// <summary>Longest A-ASSOCIATE-RQ or -AC body, in bytes. 128 contexts with 20 transfer syntaxes each make 90 KB, a SAML assertion up to 64 KB.</summary>
    public int MaximumAssociatePduLengthBytes { get; init; } = 256 << 10;

    /// <summary>Longest command set, in bytes. The longest that the standard knows holds a few attribute lists.</summary>
    public int CommandSetLimitBytes { get; init; } = 64 << 10;

    /// <summary>Longest data set that is decoded in memory (identifiers, N- data sets), in bytes. A storage commitment of 100,000 instances takes 14 MB.</summary>
    public int IdentifierLimitBytes { get; init; } = 16 << 20;

    /// <summary>ARTIM: for A-ASSOCIATE-RQ to arrive whole, and for the peer to close after the end (PS3.8 §9.1.5). 30 s is the field's custom.</summary>
    public TimeSpan ArtimTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest silence of a peer that has nothing running here. Workstations keep associations open between clicks.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest wait for a PDU that has begun, beyond what <see cref="MinimumBytesPerSecond"/> grants.</summary>
    public TimeSpan PduTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Slowest line: a PDU gets one more second for each so many bytes. A modem of 9,600 bit/s makes 1,000.</summary>
    public int MinimumBytesPerSecond { get; init; } = 1000;

    /// <summary>Longest wait for a peer that does not read what we write.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest silence of a peer that owes us a response. Recall from tape takes minutes.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long running requests may take to finish when this side stops.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most bytes that are thrown away while waiting for the peer to close; a reset connection might lose our A-ABORT.</summary>
    public long DiscardLimitBytes { get; init; } = 64 << 20;

    /// <summary>Operations that may be outstanding at once, as far as the peer agrees.</summary>
    public AsynchronousOperationsWindow AsynchronousOperations { get; init; } = new(8, 8);

    /// <summary>Names this implementation (PS3.7 §D.3.3.2).</summary>
    public string ImplementationClassUid { get; init; } = FileMeta.ImplementationClassUid;

    /// <summary>1 to 16 characters (PS3.7 §D.3.3.2.3).</summary>
    public string ImplementationVersionName { get; init; } = FileMeta.ImplementationVersionName;

    /// <summary>Counts the associations of all acceptors that share it; null counts nothing.</summary>
    public AssociationCapacity? Capacity { get; init; }

    internal PduLimits PduLimits => new(MaximumAssociatePduLengthBytes, MaximumPduLengthBytes);
}

/// <summary>How many accepted associations may be open at once; beyond it a requestor is told "local limit exceeded" (PS3.8 Table 9-21).</summary>
public sealed class AssociationCapacity(int maximum)
{
    private int open;

    /// <summary>Associations that are open now.</summary>
    public int Open => Volatile.Read(ref open);

    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref open) <= maximum)
        {
            return true;
        }

        Leave();
        return false;
    }

    internal void Leave() => Interlocked.Decrement(ref open);
}

namespace Panal.Federation.Broker;

/// <summary>What happened with an archive since the node started; for `panal broker status` and the metrics.</summary>
internal sealed class BrokerTally
{
    /// <summary>Doubtful studies remembered at most.</summary>
    private const int DoubtLimit = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _doubtful = new(StringComparer.Ordinal);
    private string? _doubt;
    private string? _trouble;
    private long _read;
    private long _dropped;
    private long _retrieved;
    private long _missing;
    private long _forwarded;

    /// <summary>Why the archive cannot be asked now; null when it can.</summary>
    public string? Trouble
    {
        get
        {
            lock (_gate)
            {
                return _trouble;
            }
        }

        set
        {
            lock (_gate)
            {
                _trouble = value;
            }
        }
    }

    /// <summary>What the archive last said that cannot be; null when nothing.</summary>
    public string? LastDoubt
    {
        get
        {
            lock (_gate)
            {
                return _doubt;
            }
        }
    }

    /// <summary>Studies about which the archive contradicts itself.</summary>
    public int Doubtful
    {
        get
        {
            lock (_gate)
            {
                return _doubtful.Count;
            }
        }
    }

    /// <summary>Studies whose series and instances were read.</summary>
    public long StudiesRead => Interlocked.Read(ref _read);

    /// <summary>Studies that the archive had no more.</summary>
    public long StudiesDropped => Interlocked.Read(ref _dropped);

    /// <summary>Instances that came on demand.</summary>
    public long InstancesRetrieved => Interlocked.Read(ref _retrieved);

    /// <summary>Instances that the archive offers and did not give when it was asked.</summary>
    public long InstancesMissing => Interlocked.Read(ref _missing);

    /// <summary>Instances that were sent to the archive.</summary>
    public long InstancesForwarded => Interlocked.Read(ref _forwarded);

    /// <summary>Whether the archive contradicted itself about a study when it was read last.</summary>
    public bool IsDoubtful(string studyInstanceUid)
    {
        lock (_gate)
        {
            return _doubtful.Contains(studyInstanceUid);
        }
    }

    /// <summary>A study was read; trouble is what does not fit, or null.</summary>
    public void Read(string studyInstanceUid, string? trouble)
    {
        Interlocked.Increment(ref _read);
        lock (_gate)
        {
            if (trouble is null)
            {
                _doubtful.Remove(studyInstanceUid);
            }
            else
            {
                _doubt = trouble;
                if (_doubtful.Count < DoubtLimit)
                {
                    _doubtful.Add(studyInstanceUid);
                }
            }
        }
    }

    /// <summary>The archive said something that cannot be.</summary>
    public void Doubt(string trouble)
    {
        lock (_gate)
        {
            _doubt = trouble;
        }
    }

    public void Dropped(int studies) => Interlocked.Add(ref _dropped, studies);

    public void Retrieved(int instances, int missing)
    {
        Interlocked.Add(ref _retrieved, instances);
        Interlocked.Add(ref _missing, missing);
    }

    public void Forwarded(int instances) => Interlocked.Add(ref _forwarded, instances);
}

using System.Diagnostics;
using Panal.Conformance.WireClient;

namespace Panal.Load;

/// <summary>Stores synthetic instances on several associations at once, each waiting for its answers.</summary>
internal sealed record StoreLoad
{
    public int Associations { get; init; } = 1;

    /// <summary>Instances in all; <see cref="TimeLimit"/> may end the run before.</summary>
    public int Count { get; init; } = 1_000;

    /// <summary>Pixel bytes of each instance; above 64 MiB they are streamed.</summary>
    public long PixelBytes { get; init; } = 512 * 512 * 2;

    public int InstancesPerStudy { get; init; } = 100;

    /// <summary>Number of the first study, so that a later run goes on where one ended.</summary>
    public int FirstStudy { get; init; }

    /// <summary>Keeps the UIDs of runs apart; below 10^10.</summary>
    public long Run { get; init; } = 1;

    /// <summary>TCP_NODELAY off, command and data in writes of their own.</summary>
    public bool IsCareless { get; init; }

    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromHours(1);

    private const long StreamedFromBytes = 64 << 20;

    /// <exception cref="WitnessProtocolException">An instance was not answered with success.</exception>
    public StoreResult Execute(WitnessTarget target, CancellationToken ct)
    {
        var instance = new SyntheticInstance(PixelBytes);
        var next = -1;
        var result = new StoreResult();
        Exception? failure = null;
        using var ready = new CountdownEvent(Associations);
        using var go = new ManualResetEventSlim();
        var startedAt = 0L;
        var threads = Enumerable.Range(0, Associations).Select(lane => new Thread(() =>
        {
            WitnessAssociation? association = null;
            try
            {
                association = WitnessAssociation.Request(target with { NoDelay = !IsCareless }, [new(instance.SopClass, instance.TransferSyntax)]);
                var store = Prepare(association, instance, lane);
                ready.Signal();
                go.Wait(ct);
                var latencies = Send(store, () => Interlocked.Increment(ref next), startedAt, ct);
                lock (result)
                {
                    result.Latencies.Add(latencies);
                    result.Elapsed = Stopwatch.GetElapsedTime(startedAt);
                }

                association.Release();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
                if (!go.IsSet && !ready.IsSet)
                {
                    ready.Signal();
                }
            }
            finally
            {
                association?.Dispose();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        ready.Wait(ct);
        startedAt = Stopwatch.GetTimestamp();
        go.Set();
        threads.ForEach(thread => thread.Join());
        if (failure is not null)
        {
            throw failure is OperationCanceledException ? failure : new WitnessProtocolException("The load failed: " + failure);
        }

        result.LengthBytes = result.Latencies.Count * instance.LengthBytes;
        return result;
    }

    private Func<SyntheticIdentity, ushort> Prepare(WitnessAssociation association, SyntheticInstance instance, int lane)
    {
        if (PixelBytes >= StreamedFromBytes)
        {
            return new StreamedStoreMessage(association, instance, lane).Store;
        }

        var message = new StoreMessage(association, instance, lane);
        return identity => message.Store(identity, IsCareless);
    }

    private Latencies Send(Func<SyntheticIdentity, ushort> store, Func<int> next, long startedAt, CancellationToken ct)
    {
        var latencies = new Latencies();
        while (!ct.IsCancellationRequested && next() is var index && index < Count && Stopwatch.GetElapsedTime(startedAt) < TimeLimit)
        {
            var identity = new SyntheticIdentity(Run, FirstStudy + index / InstancesPerStudy, index % InstancesPerStudy + 1);
            var sentAt = Stopwatch.GetTimestamp();
            var status = store(identity);
            latencies.Add(sentAt);
            if (status != 0)
            {
                throw new WitnessProtocolException($"C-STORE was answered with {status:X4}.");
            }
        }

        return latencies;
    }
}

/// <summary>What a load reached.</summary>
internal sealed class StoreResult
{
    public Latencies Latencies { get; } = new();

    public int Instances => Latencies.Count;

    public TimeSpan Elapsed { get; set; }

    /// <summary>Bytes of the data sets answered.</summary>
    public long LengthBytes { get; set; }

    public double InstancesPerSecond => Instances / Elapsed.TotalSeconds;

    public double MegabytesPerSecond => LengthBytes / 1e6 / Elapsed.TotalSeconds;

    public override string ToString() => FormattableString.Invariant(
        $"{Instances} instances, {LengthBytes / 1e6:F1} MB in {Elapsed.TotalSeconds:F2} s: {InstancesPerSecond:F0}/s, {MegabytesPerSecond:F0} MB/s; {Latencies}");
}

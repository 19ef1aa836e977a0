using Microsoft.Extensions.Logging;
using Panal.Volumes.Online;

namespace Panal.Volumes.Staging;

/// <summary>
/// Brings what is staged to its volume and frees the segments. For a batch of segments: copy every object to its final
/// file, one sync for all of them, one barrier of the catalogue, then the segments are released. Whatever fails on
/// the way leaves the segments as they are, to be tried again.
/// </summary>
internal sealed class Settler(StagingLog log, KnownVolumes known, ILogger logger)
{
    private readonly Lock _turn = new();

    /// <summary>Makes durable what the catalogue has taken over so far.</summary>
    public Func<CancellationToken, ValueTask>? Barrier { get; set; }

    /// <summary>Settles one batch; false if there was none, or if it failed.</summary>
    /// <param name="all">True to settle without waiting for load, silence or age.</param>
    public bool SettleBatch(bool all, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            foreach (var volume in log.Volumes.All)
            {
                volume.Retry(log.Options.RetryInterval, log.StagedBytes, known);
            }

            var batch = log.Pool.TakeForSettling(all);
            if (batch.Count == 0)
            {
                return false;
            }

            try
            {
                Settle(batch, cancellationToken);
                log.Pool.Trouble = null;
                return true;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                batch.ForEach(log.Pool.PutBack);
                var trouble = error as IOException ?? new StorageFailedException("the catalogue cannot be made durable");
                if (log.Pool.Trouble?.Message != trouble.Message)
                {
                    Log.SettlingFailed(logger, trouble.Message);
                }

                log.Pool.Trouble = trouble;
                return false;
            }
            catch (OperationCanceledException)
            {
                batch.ForEach(log.Pool.PutBack);
                throw;
            }
        }
    }

    private void Settle(List<Segment> batch, CancellationToken cancellationToken)
    {
        var placed = new Dictionary<Volume, List<string>>();
        foreach (var staged in batch.SelectMany(segment => segment.Objects))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryPlace(staged))
            {
                var paths = placed.TryGetValue(staged.Volume, out var list) ? list : placed[staged.Volume] = [];
                paths.Add(staged.Path);
            }
        }

        foreach (var (volume, paths) in placed)
        {
            try
            {
                volume.Sync(paths);
            }
            catch (IOException error)
            {
                Unplace(batch, volume);
                volume.WriteFailed(error);
                throw;
            }
        }

        // On the settler's own thread: nothing else could run there meanwhile.
        Barrier?.Invoke(cancellationToken).AsTask().GetAwaiter().GetResult();
        foreach (var segment in batch)
        {
            segment.Objects.ForEach(log.Forget);
            log.Pool.Release(segment);
        }
    }

    // False for an object that was deleted meanwhile.
    private bool TryPlace(StagedObject staged)
    {
        lock (staged)
        {
            if (staged.IsDeleted || staged.IsPlaced)
            {
                return !staged.IsDeleted;
            }

            var partNumber = staged.Kind == FrameKind.LargeObject ? staged.Part : log.NextPart();
            while (true)
            {
                var volume = TakerOf(staged);
                try
                {
                    volume.Place(staged, partNumber);
                    staged.Volume = volume;
                    staged.IsPlaced = true;
                    return true;
                }
                catch (IOException error)
                {
                    volume.WriteFailed(error);
                    if (staged.Kind == FrameKind.Object)
                    {
                        volume.DeletePart(partNumber);
                    }

                    if (volume.IsWritable)
                    {
                        throw;
                    }
                }
            }
        }
    }

    // The volume that was meant, or another of its group; a large object lies on its volume already.
    private Volume TakerOf(StagedObject staged)
    {
        if (staged.Volume.Status.State is VolumeState.Writable
            || (staged.Volume.Status.State is VolumeState.Full && staged.Kind == FrameKind.LargeObject))
        {
            return staged.Volume;
        }

        var group = log.Volumes.GroupOf(staged.Volume);
        return (staged.Kind == FrameKind.LargeObject ? null : group.TryFindWritable()) ?? throw group.Refusal();
    }

    // After a failed sync nobody knows what reached the disk: everything is placed anew.
    private static void Unplace(List<Segment> batch, Volume volume)
    {
        foreach (var staged in batch.SelectMany(segment => segment.Objects))
        {
            lock (staged)
            {
                staged.IsPlaced &= staged.Volume != volume;
            }
        }
    }
}

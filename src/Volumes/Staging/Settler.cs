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

    /// <summary>Makes durable what the catalogue has taken over so far; nothing settles without it.</summary>
    public Func<CancellationToken, ValueTask>? Barrier { get; set; }

    /// <summary>Settles one batch; false if there was none, or if it failed.</summary>
    /// <param name="all">True to settle without waiting for load, silence or age.</param>
    public bool SettleBatch(bool all, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            if (Barrier is null)
            {
                return false;
            }

            foreach (var volume in log.Volumes.All)
            {
                volume.Retry(log.Options.RetryInterval, log.StagedBytes, known);
            }

            log.Pool.MeasureRoom();
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
                var trouble = error as IOException ?? new StorageFailedException("the catalogue cannot be made durable");
                if (log.Pool.Trouble?.Message != trouble.Message)
                {
                    Log.SettlingFailed(logger, trouble.Message);
                }

                log.Pool.Trouble = trouble;
                return false;
            }
            finally
            {
                batch.ForEach(log.Pool.PutBack);
            }
        }
    }

    // Takes out of the batch what it has released; what is left in it has to be tried again.
    private void Settle(List<Segment> batch, CancellationToken cancellationToken)
    {
        var placed = PlaceAll(batch, out var paths, cancellationToken);
        foreach (var (volume, list) in paths)
        {
            try
            {
                volume.Sync(list);
            }
            catch (IOException error)
            {
                Unplace(batch, volume);
                volume.WriteFailed(error);
                throw;
            }
        }

        // On the settler's own thread: nothing else could run there meanwhile.
        Barrier!(cancellationToken).AsTask().GetAwaiter().GetResult();
        foreach (var segment in placed)
        {
            log.Pool.EndLife(segment);
            foreach (var staged in segment.Objects)
            {
                lock (staged)
                {
                    log.Pool.Recent.Add(segment, staged);
                    log.Forget(staged);
                }
            }

            batch.Remove(segment);
            log.Pool.Free(segment);
        }
    }

    // The segments whose every object has its final file now; one that fails does not hold up the others.
    private List<Segment> PlaceAll(List<Segment> batch, out Dictionary<Volume, List<string>> paths, CancellationToken cancellationToken)
    {
        paths = [];
        var placed = new List<Segment>();
        IOException? failure = null;
        foreach (var segment in batch)
        {
            try
            {
                foreach (var staged in segment.Objects)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (TryPlace(staged))
                    {
                        var list = paths.TryGetValue(staged.Volume, out var known) ? known : paths[staged.Volume] = [];
                        list.Add(staged.Path);
                    }
                }

                placed.Add(segment);
            }
            catch (IOException error)
            {
                failure = error;
            }
        }

        return placed.Count > 0 || failure is null ? placed : throw failure;
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

using Panal.Catalogue;

namespace Panal.Archive.Ingest;

/// <summary>
/// Lets one caller at a time decide what becomes of a SOP Instance UID, until its row is committed. Two UIDs may share a lock; that costs
/// waiting, never a deadlock, because nobody holds two.
/// </summary>
internal sealed class InstanceLocks(PendingRows rows)
{
    private readonly SemaphoreSlim[] _stripes = [.. Enumerable.Range(0, 1024).Select(_ => new SemaphoreSlim(1, 1))];

    /// <exception cref="CatalogueException">The UID may be one whose row cannot be committed.</exception>
    public async ValueTask<Holder> AcquireAsync(string sopInstanceUid, CancellationToken ct)
    {
        var stripe = _stripes[(uint)string.GetHashCode(sopInstanceUid, StringComparison.Ordinal) % (uint)_stripes.Length];
        if (!stripe.Wait(0, CancellationToken.None))
        {
            rows.CatchUp();         // the holder's row may only be waiting for company
            await stripe.WaitAsync(ct);
        }

        return new Holder(stripe);
    }

    public readonly struct Holder(SemaphoreSlim stripe) : IDisposable
    {
        public void Dispose() => stripe.Release();
    }
}

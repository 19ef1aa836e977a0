namespace Panal.Archive.Ingest;

/// <summary>
/// Lets one caller at a time decide what becomes of a SOP Instance UID. Two UIDs may share a lock; that costs waiting, never a
/// deadlock, because nobody holds two.
/// </summary>
internal sealed class InstanceLocks
{
    private readonly SemaphoreSlim[] _stripes = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1, 1))];

    public async ValueTask<Holder> AcquireAsync(string sopInstanceUid, CancellationToken ct)
    {
        var stripe = _stripes[(uint)string.GetHashCode(sopInstanceUid, StringComparison.Ordinal) % (uint)_stripes.Length];
        await stripe.WaitAsync(ct);
        return new Holder(stripe);
    }

    public readonly struct Holder(SemaphoreSlim stripe) : IDisposable
    {
        public void Dispose() => stripe.Release();
    }
}

namespace Panal.Dimse;

/// <summary>Places of an asynchronous operations window; 0 is no limit (PS3.7 §D.3.3.3).</summary>
internal sealed class Turns(int places) : IDisposable
{
    // "Unlimited" still needs an end: each place costs memory.
    private const int Unlimited = 256;

    private readonly SemaphoreSlim free = new(places == 0 ? Unlimited : places);

    public bool TryEnter() => free.Wait(0);

    public Task EnterAsync(CancellationToken ct) => free.WaitAsync(ct);

    public void Leave() => free.Release();

    public void Dispose() => free.Dispose();
}

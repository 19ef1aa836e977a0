namespace Panal.Unit;

/// <summary>How much memory a piece of work takes from the heap.</summary>
internal static class Allocated
{
    private const int Attempts = 10;

    /// <summary>
    /// The least bytes that <paramref name="work"/> allocates on this thread in several attempts. The runtime rounds what it
    /// counts when a collection falls into an attempt, and a first attempt pays for what is made once; work that truly
    /// allocates does so every time.
    /// </summary>
    public static long Bytes(Action work)
    {
        var least = long.MaxValue;
        for (var attempt = 0; attempt < Attempts && least > 0; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}

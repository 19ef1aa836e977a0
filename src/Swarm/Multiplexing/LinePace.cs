namespace Panal.Swarm.Multiplexing;

/// <summary>How much is handed to the line at once: what it takes in 20 ms, so that what is urgent never waits longer for what is written.</summary>
/// <remarks>On a line of 800 kbit/s that is the least, 8 KiB (80 ms; a tag and a header for each cost 0.4 %); on a loopback the most, so that system calls do not count.</remarks>
internal sealed class LinePace(TimeProvider time)
{
    public const int LeastBytes = 8 * 1024;
    public const int MostBytes = 128 * 1024;

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes of the next batch.</summary>
    public int BatchBytes { get; private set; } = 16 * 1024;

    /// <summary>Learns from one write.</summary>
    /// <param name="bytes">How much was written.</param>
    /// <param name="since">When it began, a timestamp of the clock.</param>
    public void Took(int bytes, long since)
    {
        var elapsed = time.GetElapsedTime(since);
        var inSlice = elapsed <= TimeSpan.Zero ? MostBytes : bytes * (Slice / elapsed);
        if (inSlice >= BatchBytes)
        {
            // A small batch says little about the line: go up by steps, and only when the batch was full.
            BatchBytes = bytes >= BatchBytes / 2 ? Math.Min(2 * BatchBytes, MostBytes) : BatchBytes;
        }
        else if (elapsed > Slice)
        {
            BatchBytes = Math.Clamp((int)inSlice, LeastBytes, MostBytes);
        }
    }
}

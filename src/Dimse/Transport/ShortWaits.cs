using System.Net.Sockets;

namespace Panal.Dimse.Transport;

/// <summary>
/// Lets a thread stay with its socket for a moment. A sender of images sends the next one as soon as it has the answer: to leave the thread to
/// others for so short a time costs more than it gives, because its way back is one wake-up for the poll, one for a thread of the pool, and one more
/// for another that finds nothing to do (docs/decisions/2026-11-26-a-thread-stays-with-its-sender.md).
/// </summary>
/// <remarks>
/// A socket that was once left to the runtime's poll stays with it: each arrival wakes its thread and one of the pool, also when somebody else reads. So the
/// stay is long enough that a sender at work never gets there.
/// </remarks>
/// <param name="places">Threads that may wait so at one time: the others are for who has work.</param>
/// <param name="longest">Longest stay, in whole milliseconds.</param>
public sealed class ShortWaits(int places, TimeSpan longest)
{
    /// <summary>As many as the staging log has lanes.</summary>
    private const int PlacesOfProcess = 8;

    /// <summary>A sender at work goes on within it, whatever it does between two images.</summary>
    private static readonly TimeSpan LongestOfProcess = TimeSpan.FromSeconds(1);

    /// <summary>Who ends a wait is heard so late at most.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private int _waiting;

    /// <summary>For all doors of the process, because they share its threads.</summary>
    public static ShortWaits Shared { get; } = CreateShared();

    // The pool must not take a thread that waits for one that works.
    private static ShortWaits CreateShared()
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(workers + PlacesOfProcess, ports);
        return new ShortWaits(PlacesOfProcess, LongestOfProcess);
    }

    /// <summary>Waits until the socket can be read without waiting, or is closed; false if the time was too short or all places are taken.</summary>
    internal bool TryWait(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            var hasPlace = Interlocked.Increment(ref _waiting) <= places;
            for (var left = longest; hasPlace && left > TimeSpan.Zero && !cancellationToken.IsCancellationRequested; left -= Step)
            {
                if (socket.Poll(left < Step ? left : Step, SelectMode.SelectRead))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}

using System.Runtime.CompilerServices;

namespace Panal.DicomWeb.Answers;

/// <summary>Makes the pieces of an answer side by side and gives them out in their order.</summary>
internal static class InOrder
{
    /// <summary>Makes each piece from its part.</summary>
    /// <param name="parts">Of which the pieces are made.</param>
    /// <param name="make">Makes one piece, on any thread; the first failure ends the answer, after those under way have ended.</param>
    /// <param name="width">How many pieces are made, or wait to be taken, beside the one that is asked for; 0 makes each when it is asked for, by whoever asks.</param>
    /// <param name="ct">Begins no further piece.</param>
    /// <remarks>Parts and pieces are best classes: for each kind of value the runtime compiles all this anew, while the first client waits.</remarks>
    public static async IAsyncEnumerable<TPiece> MakeAsync<TPart, TPiece>(
        IReadOnlyList<TPart> parts, Func<TPart, ValueTask<TPiece>> make, int width, [EnumeratorCancellation] CancellationToken ct)
    {
        if (width == 0)
        {
            foreach (var part in parts)
            {
                yield return await make(part);
            }

            yield break;
        }

        var ahead = new Queue<Task<TPiece>>(width + 1);
        try
        {
            foreach (var part in parts)
            {
                ct.ThrowIfCancellationRequested();
                ahead.Enqueue(Task.Run(async () => await make(part), CancellationToken.None));
                if (ahead.Count > width)
                {
                    yield return await ahead.Dequeue();
                }
            }

            while (ahead.TryDequeue(out var piece))
            {
                yield return await piece;
            }
        }
        finally
        {
            await Task.WhenAll((IEnumerable<Task>)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

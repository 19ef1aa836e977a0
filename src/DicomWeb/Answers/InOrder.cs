using System.Runtime.CompilerServices;

namespace Panal.DicomWeb.Answers;

/// <summary>Makes the pieces of an answer on all cores and gives them out in their order.</summary>
internal static class InOrder
{
    /// <summary>Makes each piece from its part; only as many as there are cores are made, or wait to be taken, beside the one that is asked for.</summary>
    /// <param name="parts">Of which the pieces are made.</param>
    /// <param name="make">Makes one piece, on any thread; the first failure ends the answer, after those under way have ended.</param>
    /// <param name="ct">Begins no further piece.</param>
    public static async IAsyncEnumerable<TPiece> MakeAsync<TPart, TPiece>(
        IReadOnlyList<TPart> parts, Func<TPart, ValueTask<TPiece>> make, [EnumeratorCancellation] CancellationToken ct)
    {
        if (parts.Count == 1)
        {
            // Most answers: another thread would only cost time.
            yield return await make(parts[0]);
            yield break;
        }

        var ahead = new Queue<Task<TPiece>>(Environment.ProcessorCount + 1);
        try
        {
            foreach (var part in parts)
            {
                ct.ThrowIfCancellationRequested();
                ahead.Enqueue(Task.Run(async () => await make(part), CancellationToken.None));
                if (ahead.Count > Environment.ProcessorCount)
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

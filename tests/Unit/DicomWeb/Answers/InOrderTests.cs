using Panal.DicomWeb.Answers;

namespace Panal.Unit.DicomWeb.Answers;

public sealed class InOrderTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pieces_come_in_the_order_of_their_parts_whichever_is_ready_first()
    {
        var second = new TaskCompletionSource();
        var pieces = new List<int>();
        await foreach (var piece in InOrder.MakeAsync<int, int>([1, 2, 3, 4, 5], MakeAsync, width: 2, Ct))
        {
            pieces.Add(piece);
        }

        Assert.Equal([10, 20, 30, 40, 50], pieces);

        async ValueTask<int> MakeAsync(int part)
        {
            if (part == 1)
            {
                await second.Task.WaitAsync(Ct);
            }
            else if (part == 2)
            {
                second.SetResult();
            }

            return 10 * part;
        }
    }

    [Fact]
    public async Task A_part_that_fails_ends_the_answer_when_those_under_way_have_ended()
    {
        var (begun, ended) = (0, 0);
        var pieces = new List<int>();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var piece in InOrder.MakeAsync<int, int>([.. Enumerable.Range(0, 1000)], MakeAsync, width: 3, Ct))
            {
                pieces.Add(piece);
            }
        });

        Assert.Equal([0], pieces);
        Assert.Equal(begun, ended);
        Assert.InRange(begun, 2, 5);

        async ValueTask<int> MakeAsync(int part)
        {
            Interlocked.Increment(ref begun);
            await Task.Yield();
            Interlocked.Increment(ref ended);
            return part == 1 ? throw new IOException() : part;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task No_more_pieces_are_made_ahead_than_it_is_wide(int width)
    {
        var begun = 0;
        await foreach (var piece in InOrder.MakeAsync<int, int>([.. Enumerable.Range(0, 200)], MakeAsync, width, Ct))
        {
            Assert.InRange(Volatile.Read(ref begun), piece + 1, piece + 1 + width);
        }

        ValueTask<int> MakeAsync(int part)
        {
            Interlocked.Increment(ref begun);
            return ValueTask.FromResult(part);
        }
    }
}

using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>Bytes that go through a link allocate next to nothing, whatever their number.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    // Sixty-four full frames: half a kilobyte for each, with its wake-ups on both sides and the line in memory. A buffer or a task for
    // each frame would break it.
    private const long BudgetBytesPerMegabyte = 32 * 1024;

    [Theory]
    [InlineData(LinkPriority.Interactive)]
    [InlineData(LinkPriority.Bulk)]
    public async Task A_megabyte_allocates_within_its_budget(LinkPriority priority)
    {
        const int Megabytes = 64;
        var cancelled = TestContext.Current.CancellationToken;
        await using var pair = LinkPair.Create([new Service("sink/1", async (stream, cancellationToken) =>
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync(cancellationToken);
                stream.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await stream.Output.CompleteAsync();
                    return;
                }
            }
        })], capacityBytes: 256 * 1024);
        await SendAsync(8);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await SendAsync(Megabytes);
        var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / Megabytes;
        output.WriteLine($"{each} bytes allocated a megabyte, both sides and the line");
        Assert.True(each < BudgetBytesPerMegabyte, $"{each} bytes");

        async Task SendAsync(int megabytes)
        {
            await using var stream = pair.Dialler.Open("sink/1", priority);
            for (var block = 0; block < megabytes * 16; block++)
            {
                stream.Output.GetMemory(65_536);
                stream.Output.Advance(65_536);
                await stream.Output.FlushAsync(cancelled);
            }

            await stream.Output.CompleteAsync();
            await LinkTests.ReadToEndAsync(stream.Input);
        }
    }
}

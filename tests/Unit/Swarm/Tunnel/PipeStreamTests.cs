using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Tunnel;
using Panal.Unit.Swarm.Multiplexing;

namespace Panal.Unit.Swarm.Tunnel;

public sealed class PipeStreamTests
{
    [Theory]
    [InlineData(1_000)]
    [InlineData(33_000)]
    public async Task A_pipe_gives_the_bytes_that_it_has_whatever_is_asked_for(int atMost)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var small = new StreamBuffers(65_536, 65_536, UnsentBytes: 16_384, CanGrow: false);
        await using var pair = LinkPair.Create([new Service("echo/1", async (stream, cancellationToken) =>
        {
            var pipe = new PipeStream(stream, owner: null);
            var buffer = new byte[10_000];
            int read;
            while ((read = await pipe.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await pipe.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            await stream.Output.CompleteAsync();
        })]);
        await using var opened = pair.Dialler.Open("echo/1", LinkPriority.Bulk, small);
        await using var line = new PipeStream(opened, opened);
        var sent = new byte[900_000];
        new Random(atMost).NextBytes(sent);
        var writing = Task.Run(async () =>
        {
            for (var index = 0; index < sent.Length; index += 30_000)
            {
                await line.WriteAsync(sent.AsMemory(index, 30_000), cancelled);
            }

            await opened.Output.CompleteAsync();
        }, cancelled);
        var received = new byte[sent.Length];
        var filled = 0;
        int length;
        while ((length = await line.ReadAsync(received.AsMemory(filled, Math.Min(atMost, received.Length - filled)), cancelled)) > 0)
        {
            filled += length;
        }

        await writing;
        Assert.Equal(sent, received);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>Many streams at once, with random sizes, windows, pauses and aborts: every byte arrives, in order.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Every_byte_arrives_in_order_whatever_sizes_windows_and_aborts(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var options = new LinkOptions
        {
            FirstWindowBytes = 16_384 << random.Next(0, 4),
            LongestWindowBytes = 131_072 << random.Next(0, 3),
            WindowBudgetBytes = random.Next(0, 3) * 200_000,
        };
        var service = new Service("pattern/1", (stream, cancellationToken) => ServeAsync(stream, cancellationToken));
        await using var pair = LinkPair.Create([service], options, capacityBytes: 4096 << random.Next(0, 6));
        var streams = Enumerable.Range(0, 60).Select(index => AskAsync(index % 2 == 0 ? pair.Dialler : pair.Acceptor, random.Next())).ToArray();
        await Task.WhenAll(streams);
        while (pair.Dialler.Streams + pair.Acceptor.Streams > 0)
        {
            // The aborts of those that were given up are still under way.
            await Task.Yield();
        }

        Assert.Equal(0, pair.Dialler.BorrowedBytes);
        Assert.Equal(0, pair.Acceptor.BorrowedBytes);
        Assert.False(pair.DiallerEnd.IsCompleted || pair.AcceptorEnd.IsCompleted);
    }

    /// <summary>Sends a pattern and reads another: its seed and length go first.</summary>
    private static async Task AskAsync(Panal.Swarm.Multiplexing.Link link, int seed)
    {
        var random = new Random(seed);
        var (length, answer) = (random.Next(0, 400_000), random.Next(0, 400_000));
        await using var stream = link.Open("pattern/1", (LinkPriority)random.Next(0, 2));
        var head = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(head, seed);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), answer);
        await stream.Output.WriteAsync(head, Cancelled);
        if (random.Next(0, 5) == 0)
        {
            // Given up in the middle.
            await WriteAsync(stream, seed, length / 2, random);
            return;
        }

        var writing = WriteAndEndAsync(stream, seed, length, random);
        await ReadAsync(stream, seed + 1, answer, new Random(seed));
        await writing;
    }

    private static async Task ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            var head = new byte[12];
            var read = await stream.Input.ReadAtLeastAsync(12, cancellationToken);
            read.Buffer.Slice(0, 12).CopyTo(head);
            stream.Input.AdvanceTo(read.Buffer.GetPosition(12));
            var seed = BinaryPrimitives.ReadInt32LittleEndian(head);
            var random = new Random(seed + 7);
            var writing = WriteAndEndAsync(stream, seed + 1, BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8)), random);
            try
            {
                await ReadAsync(stream, seed, BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4)), new Random(seed));
            }
            finally
            {
                // A stream must not be left, and so disposed, while somebody writes to it.
                await writing;
            }
        }
        catch (LinkException e)
        {
            Assert.Equal(LinkCloseReason.GivenUp, e.Reason);
        }
    }

    private static async Task WriteAndEndAsync(ILinkStream stream, int seed, int length, Random random)
    {
        await WriteAsync(stream, seed, length, random);
        await stream.Output.CompleteAsync();
    }

    private static async Task WriteAsync(ILinkStream stream, int seed, int length, Random random)
    {
        var position = 0;
        while (position < length)
        {
            var part = Math.Min(length - position, random.Next(1, 50_000));
            var span = stream.Output.GetSpan(part);
            for (var index = 0; index < part; index++)
            {
                span[index] = Pattern(seed, position + index);
            }

            stream.Output.Advance(part);
            position += part;
            if (random.Next(0, 3) > 0)
            {
                await stream.Output.FlushAsync(Cancelled);
            }

            if (random.Next(0, 4) == 0)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task ReadAsync(ILinkStream stream, int seed, int length, Random random)
    {
        var position = 0;
        while (true)
        {
            var result = await stream.Input.ReadAsync(Cancelled);

            // Half of it at least: one who keeps a whole window and waits for more waits for ever, as ILinkStream says.
            var taken = result.Buffer.Slice(0, random.NextInt64((result.Buffer.Length + 1) / 2, result.Buffer.Length + 1));
            if (result.IsCompleted)
            {
                taken = result.Buffer;
            }

            foreach (var part in taken)
            {
                for (var index = 0; index < part.Length; index++)
                {
                    if (part.Span[index] != Pattern(seed, position + index))
                    {
                        Assert.Fail($"byte {position + index} of {length}");
                    }
                }

                position += part.Length;
            }

            stream.Input.AdvanceTo(taken.End, random.Next(0, 2) == 0 ? taken.End : result.Buffer.End);
            if (result.IsCompleted)
            {
                Assert.Equal(length, position);
                return;
            }
        }
    }

    private static byte Pattern(int seed, int position) => (byte)((seed * 31) + position + (position >> 8) * 7 + (position >> 16) * 13);
}

using System.Buffers;
using System.Diagnostics;
using System.Threading.Channels;
using Panal.Catalogue;
using Panal.Federation.Feed;

namespace Panal.FeedLoad;

/// <summary>One feed from publisher to subscriber. Without a line the two take turns; with one, the publisher makes a frame while one is carried and one is applied.</summary>
/// <param name="there">The publisher's catalogue.</param>
/// <param name="here">The subscriber's.</param>
/// <param name="publisher">Identity of the publisher.</param>
/// <param name="megabits">Mbit/s of the line; 0 for none.</param>
internal sealed class Transfer(CatalogueDatabase there, CatalogueDatabase here, Guid publisher, double megabits)
{
    private TimeSpan _reading, _applying, _longest;

    /// <summary>Bytes of the frames of the last run.</summary>
    internal long Bytes { get; private set; }

    private int Steps { get; set; }

    /// <summary>Takes over all that is new, and prints what it cost.</summary>
    /// <param name="name">For the print; null for none.</param>
    /// <param name="mode">Snapshot or feed.</param>
    /// <returns>Instances decoded and applied in a second.</returns>
    internal async Task<double> RunAsync(string? name, FeedMode mode)
    {
        (Bytes, Steps, _reading, _applying, _longest) = (0, 0, default, default, default);
        var source = new FeedSource(there, FeedFilter.All);
        var sink = new FeedSink(here, publisher, mode);
        await GreetAsync(source, sink);
        var clock = Stopwatch.StartNew();
        await foreach (ReadOnlyMemory<byte> frame in megabits > 0 ? CarriedAsync(source) : FramesAsync(source))
        {
            Bytes += frame.Length;
            Steps++;
            long started = Stopwatch.GetTimestamp();
            await sink.ReceiveAsync((FeedFrameKind)frame.Span[4], frame[FeedFrame.HeaderBytes..], CancellationToken.None);
            TimeSpan one = Stopwatch.GetElapsedTime(started);
            _applying += one;
            _longest = one > _longest ? one : _longest;
        }

        if (name is not null)
        {
            Print(name, sink.Instances, clock.Elapsed);
        }

        return sink.Instances / _applying.TotalSeconds;
    }

    private static async Task GreetAsync(FeedSource source, FeedSink sink)
    {
        var hello = new ArrayBufferWriter<byte>();
        var begin = new ArrayBufferWriter<byte>();
        sink.Open(hello);
        source.Answer(hello.WrittenSpan[FeedFrame.HeaderBytes..], begin);
        await sink.ReceiveAsync(FeedFrameKind.Begin, begin.WrittenMemory[FeedFrame.HeaderBytes..], CancellationToken.None);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> FramesAsync(FeedSource source)
    {
        while (true)
        {
            var writer = new ArrayBufferWriter<byte>();
            long started = Stopwatch.GetTimestamp();
            bool isMade = source.TryNext(writer);
            _reading += Stopwatch.GetElapsedTime(started);
            if (!isMade)
            {
                yield break;
            }

            yield return writer.WrittenMemory;
            await Task.CompletedTask;
        }
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> CarriedAsync(FeedSource source) =>
        AheadAsync(AheadAsync(FramesAsync(source), static _ => TimeSpan.Zero), frame => TimeSpan.FromSeconds(frame.Length * 8 / (megabits * 1e6)));

    /// <summary>The same frames, each after it has been on its way; one is ahead of whoever takes them.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> AheadAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> frames, Func<ReadOnlyMemory<byte>, TimeSpan> way)
    {
        var channel = Channel.CreateBounded<ReadOnlyMemory<byte>>(1);
        Task sending = Task.Run(async () =>
        {
            await foreach (ReadOnlyMemory<byte> frame in frames)
            {
                await Task.Delay(way(frame), TimeProvider.System);
                await channel.Writer.WriteAsync(frame);
            }

            channel.Writer.Complete();
        });
        await foreach (ReadOnlyMemory<byte> frame in channel.Reader.ReadAllAsync())
        {
            yield return frame;
        }

        await sending;
    }

    private void Print(string name, long instances, TimeSpan elapsed)
    {
        Console.WriteLine(
            $"{name}: {instances} instances, {Bytes / 1e6:F2} MB ({(double)Bytes / instances:F1} bytes each, 32 of them hash) in {Steps} steps; "
            + $"read and encoded {instances / _reading.TotalSeconds:F0}/s, decoded and applied {instances / _applying.TotalSeconds:F0}/s, longest step {_longest.TotalMilliseconds:F0} ms");
        if (megabits > 0)
        {
            TimeSpan line = TimeSpan.FromSeconds(Bytes * 8 / (megabits * 1e6));
            Console.WriteLine($"  on a line of {megabits} Mbit/s: complete after {elapsed.TotalSeconds:F1} s, of which the line takes {line.TotalSeconds:F1} s: {(elapsed - line).TotalSeconds:F1} s beside it");
        }
    }
}

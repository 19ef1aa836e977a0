using System.Net;
using System.Net.Sockets;
using Panal.Dimse.Transport;

namespace Panal.Unit.Dimse.Transport;

public sealed class PromptSocketStreamTests : IDisposable
{
    private static readonly TimeSpan LongerThanAnyTest = TimeSpan.FromMinutes(10);

    private readonly Socket _near;
    private readonly Socket _far;

    public PromptSocketStreamTests()
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        _far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _far.Connect(listening.LocalEndPoint!);
        _near = listening.Accept();
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private PromptSocketStream Open(ShortWaits? waits) => new(_near, ownsSocket: false, waits);

    // On a thread of its own: whether the read was over when the call returned, and what it brought.
    private static async Task<(bool IsOver, int Read)> ReadAsync(PromptSocketStream stream, byte[] buffer) => await Task.Factory.StartNew(
        async () =>
        {
            var read = stream.ReadAsync(buffer, Cancelled);
            return (read.IsCompleted, await read);
        },
        Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    [Fact]
    public async Task A_read_stays_on_its_thread_until_the_sender_goes_on()
    {
        await using var stream = Open(new ShortWaits(places: 1, LongerThanAnyTest));
        foreach (var length in (int[])[0, 3])
        {
            var reading = ReadAsync(stream, new byte[length]);
            if (length == 0)
            {
                await _far.SendAsync(new byte[3], Cancelled);
            }

            Assert.Equal((true, length), await reading);
        }
    }

    [Fact]
    public async Task A_read_that_stays_ends_when_the_sender_closes()
    {
        await using var stream = Open(new ShortWaits(places: 1, LongerThanAnyTest));
        var reading = ReadAsync(stream, new byte[10]);
        _far.Shutdown(SocketShutdown.Both);
        Assert.Equal((true, 0), await reading);
    }

    [Fact]
    public async Task A_read_gives_its_thread_back_when_the_time_is_over_or_no_place_is_free()
    {
        foreach (var waits in (ShortWaits?[])[new ShortWaits(places: 1, TimeSpan.FromMilliseconds(1)), new ShortWaits(places: 0, LongerThanAnyTest), null])
        {
            await using var stream = Open(waits);
            var read = stream.ReadAsync(new byte[10], Cancelled);
            Assert.False(read.IsCompleted);
            await _far.SendAsync(new byte[10], Cancelled);
            Assert.Equal(10, await read);
        }
    }

    [Fact]
    public async Task A_read_that_is_cancelled_stays_no_longer()
    {
        await using var stream = Open(new ShortWaits(places: 1, LongerThanAnyTest));
        using var cancelling = new CancellationTokenSource();
        var reading = Task.Run(() => stream.ReadAsync(new byte[10], cancelling.Token).AsTask(), Cancelled);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Tunnel;

namespace Panal.Unit.Swarm.Tunnel;

public sealed class LineStreamTests : IAsyncLifetime
{
    private readonly PausingTime _time = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private Socket _far = null!;
    private LineStream _line = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        _far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await _far.ConnectAsync(listener.LocalEndPoint!, Cancelled);
        _line = new LineStream(await listener.AcceptAsync(Cancelled), owner: null, _time);
    }

    public async ValueTask DisposeAsync()
    {
        _far.Dispose();
        await _line.DisposeAsync();
    }

    [Fact]
    public async Task On_a_slow_line_what_comes_first_is_read_after_a_pause_with_all_that_came_meanwhile()
    {
        await BecomeSlowAsync();
        var paused = _time.NextTimer();
        var later = _line.ReadAsync(_buffer, Cancelled).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(2_000);
        await paused;
        await SendAsync(3_000, before: 2_000);
        Assert.False(later.IsCompleted);
        _time.Advance(LineStream.LongestPause);
        Assert.Equal(5_000, await later);
    }

    [Fact]
    public async Task What_comes_in_a_pause_tells_how_quick_the_line_is()
    {
        await BecomeSlowAsync();
        await SendAsync(8 * 1_448);
        var pause = _line.Pause.TotalMilliseconds;
        Assert.Equal(8 * 1_448, await AfterPauseAsync(() => _line.ReadAsync(_buffer, Cancelled)));
        Assert.Equal(22 + pause / 8, _line.Pause.TotalMilliseconds, 0.001);

        // The end of a block tells nothing.
        pause = _line.Pause.TotalMilliseconds;
        await SendAsync(2 * 1_448);
        Assert.Equal(2 * 1_448, await AfterPauseAsync(() => _line.ReadAsync(_buffer, Cancelled)));
        Assert.Equal(pause, _line.Pause.TotalMilliseconds);
    }

    [Fact]
    public async Task Acknowledgements_leave_unasked()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems do not count them");
        _line.TakeUnaskedBytes();
        for (var part = 0; part < 10; part++)
        {
            await SendAsync(60_000);
            await _line.ReadExactlyAsync(_buffer.AsMemory(0, 60_000), Cancelled);
        }

        // Segments without data, of 66 bytes each; on the loopback hardly one for each part.
        var bytes = _line.TakeUnaskedBytes();
        Assert.InRange(bytes, 66, 100 * 66);
        Assert.Equal(0, bytes % 66);
    }

    [Fact]
    public async Task All_that_comes_in_a_pause_is_taken_from_the_kernel_at_once()
    {
        await BecomeSlowAsync();
        await SendAsync(20_000);
        Assert.Equal(16_384, await AfterPauseAsync(() => _line.ReadAsync(_buffer.AsMemory(0, 16_384), Cancelled)));
        Assert.Equal(0, _line.Socket.Available);
        Assert.Equal(20_000 - 16_384, await _line.ReadAsync(_buffer, Cancelled));
    }

    [Fact]
    public async Task A_short_message_and_what_follows_it_are_read_at_once()
    {
        await BecomeSlowAsync();
        await SendAsync(100);
        Assert.Equal(100, await _line.ReadAsync(_buffer, Cancelled));
        await SendAsync(5_000);
        Assert.Equal(5_000, await _line.ReadAsync(_buffer, Cancelled));
    }

    [Fact]
    public async Task What_did_not_fit_is_read_at_once()
    {
        await BecomeSlowAsync();
        await SendAsync(8_000);
        Assert.Equal(4_000, await AfterPauseAsync(() => _line.ReadAsync(_buffer.AsMemory(0, 4_000), Cancelled)));
        Assert.Equal(4_000, await _line.ReadAsync(_buffer, Cancelled));
    }

    [Fact]
    public async Task A_line_is_quick_until_it_was_seen_to_be_slow_and_again_when_it_is()
    {
        await ReadAtOnceAsync();
        await BecomeSlowAsync();

        // 15 Mbit/s.
        for (var number = 0; number < 8; number++)
        {
            await SendAsync(60_000);
            Assert.Equal(60_000, await AfterPauseAsync(() => _line.ReadAsync(_buffer, Cancelled)));
        }

        Assert.Equal(TimeSpan.Zero, _line.Pause);
        await ReadAtOnceAsync();
    }

    [Fact]
    public async Task The_pause_is_the_longer_the_longer_a_segment_takes()
    {
        await BecomeSlowAsync();

        // 22 ms, and the 5.792 that a segment of 1,448 bytes takes.
        Assert.Equal(TimeSpan.FromMilliseconds(27.792), _line.Pause);
    }

    [Fact]
    public async Task The_pause_of_the_slowest_lines_is_the_longest()
    {
        // 0.8 Mbit/s.
        for (var number = 0; number < 8; number++)
        {
            await SendAsync(4_000);
            Assert.Equal(4_000, await _line.ReadAsync(_buffer, Cancelled));
            _time.Advance(TimeSpan.FromMilliseconds(40));
        }

        Assert.Equal(LineStream.LongestPause, _line.Pause);
    }

    [Fact]
    public async Task What_comes_now_and_then_says_nothing_of_the_line()
    {
        for (var number = 0; number < 20; number++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await SendAsync(5_000);
            Assert.Equal(5_000, await _line.ReadAsync(_buffer, Cancelled));
        }

        Assert.Equal(TimeSpan.Zero, _line.Pause);
    }

    [Fact]
    public async Task What_is_gathered_leaves_in_its_order_when_it_is_flushed_or_does_not_fit()
    {
        _line.GathersUntilFlushed = true;
        var sent = new byte[300_000];
        new Random(1).NextBytes(sent);
        await _line.WriteAsync(sent.AsMemory(0, 1_000), Cancelled);
        await _line.WriteAsync(sent.AsMemory(1_000, 2_000), Cancelled);
        Assert.Equal(0, _far.Available);
        await _line.FlushAsync(Cancelled);
        Assert.Equal(sent[..3_000], await ReceiveAsync(3_000));
        await _line.WriteAsync(sent.AsMemory(3_000, 7_000), Cancelled);
        var writing = _line.WriteAsync(sent.AsMemory(10_000), Cancelled);
        Assert.Equal(sent[3_000..], await ReceiveAsync(297_000));
        await writing;
        await _line.FlushAsync(Cancelled);
        Assert.Equal(0, _far.Available);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_read_ahead_is_handed_out_in_any_portions_and_ends_where_the_line_ends(bool isSlow)
    {
        if (isSlow)
        {
            await BecomeSlowAsync();
        }

        var sent = new byte[200_000];
        new Random(1).NextBytes(sent);
        var sending = SendAsync(sent);
        var read = new List<byte>();
        foreach (var portion in new[] { 16_384, 16_384, 5, 9_000, 60_000, 1, 65_536, 16_384, 16_384, 16_384, 16_384 })
        {
            var left = Math.Min(portion, sent.Length - read.Count);
            while (left > 0)
            {
                left -= await AfterPauseAsync(() => ReadAsync(left));
            }
        }

        await sending;
        Assert.Equal(sent, read);
        _far.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await _line.ReadAsync(_buffer, Cancelled));
        Assert.Equal(0, await _line.ReadAsync(_buffer, Cancelled));

        async ValueTask<int> ReadAsync(int most)
        {
            var got = await _line.ReadAsync(_buffer.AsMemory(0, most), Cancelled);
            read.AddRange(_buffer.AsSpan(0, got));
            return got;
        }
    }

    [Fact]
    public async Task The_stream_closes_its_owner_too()
    {
        using var listener = new TcpListener(IPAddress.IPv6Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint, Cancelled);
        var owner = new MemoryStream();
        await new LineStream(socket, owner, _time).DisposeAsync();
        Assert.False(owner.CanRead);
    }

    private async Task ReadAtOnceAsync()
    {
        Assert.Equal(TimeSpan.Zero, _line.Pause);
        for (var number = 0; number < 2; number++)
        {
            await SendAsync(5_000);
            Assert.Equal(5_000, await _line.ReadAsync(_buffer, Cancelled));
        }
    }

    // 10 kB in 40 ms: 2 Mbit/s.
    private async Task BecomeSlowAsync()
    {
        for (var number = 0; number < 4 && _line.Pause == TimeSpan.Zero; number++)
        {
            await SendAsync(10_000);
            Assert.Equal(10_000, await _line.ReadAsync(_buffer, Cancelled));
            _time.Advance(TimeSpan.FromMilliseconds(40));
        }

        Assert.NotEqual(TimeSpan.Zero, _line.Pause);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _far.SendAsync(bytes, Cancelled)..];
        }
    }

    private async Task<byte[]> ReceiveAsync(int length)
    {
        var bytes = new byte[length];
        for (var got = 0; got < length;)
        {
            got += await _far.ReceiveAsync(bytes.AsMemory(got), Cancelled);
        }

        return bytes;
    }

    // The pause begins when the first of it has come.
    private async Task<int> AfterPauseAsync(Func<ValueTask<int>> read)
    {
        var paused = _time.NextTimer();
        var reading = read().AsTask();
        if (await Task.WhenAny(reading, paused) == paused)
        {
            _time.Advance(LineStream.LongestPause);
        }

        return await reading;
    }

    // Comes whole: the loopback hands over what one send brought.
    private async Task SendAsync(int length, int before = 0)
    {
        await _far.SendAsync(new byte[length], Cancelled);
        while (_line.Socket.Available < before + length)
        {
            await Task.Yield();
        }
    }

    /// <summary>Tells when somebody begins to wait.</summary>
    private sealed class PausingTime : FakeTimeProvider
    {
        private TaskCompletionSource _made = new();

        public Task NextTimer() => (_made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _made.TrySetResult();
            return timer;
        }
    }
}

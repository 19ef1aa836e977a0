using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Node.Transport;
using Panal.Volumes;

namespace Panal.Unit.Node.Transport;

/// <summary>Parts of files between what is written, in front of Kestrel and of a socket alone.</summary>
public sealed class FileOutputTests : IAsyncLifetime
{
    private static readonly byte[] Head = Encoding.ASCII.GetBytes("the head\r\n");
    private static readonly byte[] Tail = [.. Enumerable.Repeat((byte)'t', 200_000)];

    private readonly string _directory = Directory.CreateTempSubdirectory("panal-output-").FullName;
    private readonly byte[] _content = new byte[24 << 20];      // more than the kernel holds for one connection
    private VolumeStore _store = null!;
    private VolumeId _volume;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        new Random(1).NextBytes(_content);
        _store = await VolumeStore.OpenAsync(
            new VolumeStoreOptions
            {
                DataDirectory = Path.Combine(_directory, "data"),
                Groups = [new() { Volumes = [new() { Id = 1, RootPath = Path.Combine(_directory, "volume"), ReserveBytes = 1 << 20 }] }],
                MinSegments = 1,
            },
            static _ => { },
            TimeProvider.System,
            NullLogger.Instance,
            Cancelled);
        await using var write = _store.Begin();
        await write.WriteAsync(_content, Cancelled);
        _volume = (await write.CommitAsync("A/1", "note"u8.ToArray(), Cancelled)).Volume;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_part_of_a_file_leaves_between_what_is_written_and_the_connection_goes_on(bool isSettled)
    {
        if (isSettled)
        {
            await _store.SettleAsync(Cancelled);
        }

        await using var server = await StartAsync(async context =>
        {
            if (context.Request.Path == "/small")
            {
                await context.Response.WriteAsync("small", Cancelled);
                return;
            }

            using var file = Open();
            context.Response.ContentLength = Head.Length + _content.Length - 77 + Tail.Length;
            context.Response.BodyWriter.Write(Head);
            await context.Response.StartAsync(Cancelled);
            await SendAsync(context, file, 77, _content.Length - 77);
            await context.Response.BodyWriter.WriteAsync(Tail, Cancelled);
        });
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1 };
        using var client = new HttpClient(handler) { BaseAddress = AddressOf(server) };
        for (var turn = 0; turn < 2; turn++)
        {
            var bytes = await client.GetByteArrayAsync("/file", Cancelled);
            Assert.True(bytes.AsSpan().SequenceEqual([.. Head, .. _content.AsSpan(77), .. Tail]));
            Assert.Equal("small", await client.GetStringAsync("/small", Cancelled));
            using var head = new HttpRequestMessage(HttpMethod.Head, "/file");
            using var answer = await client.SendAsync(head, Cancelled);
            Assert.Equal(bytes.Length, answer.Content.Headers.ContentLength);
        }
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_ends_the_answer()
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(async context =>
        {
            using var file = Open();
            context.Response.ContentLength = 10L * _content.Length;
            await context.Response.StartAsync(Cancelled);
            var result = default(FlushResult);
            try
            {
                for (var turn = 0; turn < 10 && !result.IsCompleted; turn++)
                {
                    result = await SendAsync(context, file, 0, _content.Length);
                }
            }
            catch (OperationCanceledException)
            {
                result = new FlushResult(isCanceled: false, isCompleted: true);
            }

            ended.SetResult(result.IsCompleted);
        });
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(IPAddress.Loopback, AddressOf(server).Port, Cancelled);
            await client.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Cancelled);
            Assert.NotEqual(0, await client.ReceiveAsync(new byte[1000], Cancelled));
            client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        Assert.True(await ended.Task.WaitAsync(Cancelled));
    }

    [Fact]
    public async Task A_file_shorter_than_it_is_said_to_be_is_a_fault()
    {
        using var pair = await SocketPair.CreateAsync();
        using var output = new FileOutput(new Pipe().Writer, pair.Sender, new WideBlocks().Create());
        using var file = Open();
        output.Append(file, _content.Length - 1000, 1001);
        output.Advance(1001);
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await output.FlushAsync(Cancelled));
        var received = new byte[1000];
        await pair.Receiver.ReceiveAsync(received, Cancelled);
        Assert.Equal(_content[^1000..], received);
    }

    [Fact]
    public async Task Nothing_but_what_was_appended_can_follow_until_it_is_flushed()
    {
        using var pair = await SocketPair.CreateAsync();
        using var output = new FileOutput(new Pipe().Writer, pair.Sender, new WideBlocks().Create());
        using var file = Open();
        output.Write(Head);
        Assert.Equal(Head.Length, output.UnflushedBytes);
        output.Append(file, 0, 5000);
        Assert.Throws<InvalidOperationException>(() => output.Append(file, 0, 5000));
        output.GetSpan(10);
        Assert.Throws<InvalidOperationException>(() => output.Advance(10));
        output.Advance(5000);
        Assert.Throws<InvalidOperationException>(() => output.Advance(5000));
        Assert.Equal(Head.Length + 5000, output.UnflushedBytes);
        Assert.False((await output.FlushAsync(Cancelled)).IsCompleted);
        Assert.Equal(0, output.UnflushedBytes);
        output.Write(Tail);
        Assert.False((await output.FlushAsync(Cancelled)).IsCompleted);
        var received = new byte[Head.Length + 5000 + Tail.Length];
        await using var stream = new NetworkStream(pair.Receiver);
        await stream.ReadExactlyAsync(received, Cancelled);
        Assert.Equal([.. Head, .. _content[..5000], .. Tail], received);
    }

    [Fact]
    public async Task What_is_left_when_it_ends_is_sent_by_who_had_the_connection()
    {
        using var pair = await SocketPair.CreateAsync();
        var below = new Pipe();
        using var output = new FileOutput(below.Writer, pair.Sender, new WideBlocks().Create());
        output.Write(Tail);
        output.Write(Head);
        await output.CompleteAsync();
        var read = await below.Reader.ReadAtLeastAsync(Tail.Length + Head.Length, Cancelled);
        Assert.Equal([.. Tail, .. Head], read.Buffer.ToArray());
        Assert.True(read.IsCompleted);
        below.Reader.AdvanceTo(read.Buffer.End);
    }

    private static async Task<FlushResult> SendAsync(HttpContext context, StoredFile file, long offset, int length)
    {
        context.Features.Get<IFileOutput>()!.Append(file, offset, length);
        context.Response.BodyWriter.GetMemory();
        context.Response.BodyWriter.Advance(length);
        return await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private StoredFile Open() => new(_store.Open(_volume, "A/1"), _content.Length, 0, TransferSyntax.ExplicitVrLittleEndian);

    private static Uri AddressOf(WebApplication server) =>
        new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private static async Task<WebApplication> StartAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            static door => door.Use(static next => connection => FileOutput.ServeAsync(connection, next))));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, WideBlocks>();
        var application = builder.Build();
        application.Run(handler);
        await application.StartAsync(Cancelled);
        return application;
    }
}

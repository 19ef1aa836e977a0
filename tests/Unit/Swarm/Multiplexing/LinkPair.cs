using Microsoft.Extensions.Logging.Abstractions;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>Serves with a delegate.</summary>
internal sealed class Service(string protocol, Func<ILinkStream, CancellationToken, Task> serve) : ILinkService
{
    public string Protocol => protocol;

    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) => await serve(stream, cancellationToken);
}

internal sealed class Keeper(params ILinkService[] services) : ILinkKeeper
{
    public ILinkService? Find(string protocol) => services.FirstOrDefault(s => s.Protocol == protocol);

    public StreamBuffers? Buffers(string protocol) => null;

    public void Draining(Link link)
    {
    }
}

/// <summary>Two links that are the ends of one line in memory.</summary>
internal sealed class LinkPair : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    private LinkPair(Link dialler, Link acceptor)
    {
        Dialler = dialler;
        Acceptor = acceptor;
        DiallerEnd = dialler.RunAsync(static _ => { }, _stop.Token);
        AcceptorEnd = acceptor.RunAsync(static _ => { }, _stop.Token);
    }

    public Link Dialler { get; }

    public Link Acceptor { get; }

    public Task<LinkEnd> DiallerEnd { get; }

    public Task<LinkEnd> AcceptorEnd { get; }

    public static LinkPair Create(ILinkService[] services, LinkOptions? options = null, TimeProvider? time = null, int capacityBytes = 64 * 1024)
    {
        var (one, other) = MemoryLine.Create(capacityBytes);
        return Create(one, other, services, options, time);
    }

    public static LinkPair Create(Stream one, Stream other, ILinkService[] services, LinkOptions? options = null, TimeProvider? time = null) =>
        new(Make(one, isDialler: true, services, options, time), Make(other, isDialler: false, services, options, time));

    public static Link Make(Stream line, bool isDialler, ILinkService[] services, LinkOptions? options = null, TimeProvider? time = null) =>
        new(line, NodeId.New(), isDialler, options ?? new(), new Keeper(services), time ?? TimeProvider.System, NullLogger.Instance);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await DiallerEnd;
        await AcceptorEnd;
        Dialler.Dispose();
        Acceptor.Dispose();
        _stop.Dispose();
    }
}

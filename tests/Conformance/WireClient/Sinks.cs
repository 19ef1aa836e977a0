using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Panal.Conformance.WireClient;

/// <summary>Counts what comes; may be shared by several associations.</summary>
public sealed class CountingSink : IDataSetSink
{
    private long _bytes, _instances;

    public long LengthBytes => Interlocked.Read(ref _bytes);

    public long Instances => Interlocked.Read(ref _instances);

    public void Begin(CommandSet command, WitnessContext context)
    {
        // Nothing to keep of an instance that is only counted.
    }

    public void Append(ReadOnlySpan<byte> bytes) => Interlocked.Add(ref _bytes, bytes.Length);

    public void End() => Interlocked.Increment(ref _instances);
}

/// <summary>The SHA-256 of each data set as it came over the wire, by SOP Instance UID; for one association.</summary>
public sealed class HashingSink : IDataSetSink, IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private string _instance = "";

    public Dictionary<string, string> Hashes { get; } = new(StringComparer.Ordinal);

    /// <summary>Instances that came more than once.</summary>
    public List<string> Repeated { get; } = [];

    public void Begin(CommandSet command, WitnessContext context) => _instance = command.GetString(CommandSet.AffectedSopInstance) ?? "";

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void End()
    {
        if (!Hashes.TryAdd(_instance, Convert.ToHexString(_hash.GetHashAndReset())))
        {
            Repeated.Add(_instance);
        }
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>A storage SCP that takes everything, for the far end of C-MOVE.</summary>
public sealed class StoreScp : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IDataSetSink _sink;
    private readonly int _maxPduBytes;
    private readonly Thread _thread;

    /// <param name="port">0 chooses a free one.</param>
    /// <param name="sink">Called by each association's own thread.</param>
    /// <param name="maxPduBytes">The limit announced to callers.</param>
    public StoreScp(int port, IDataSetSink sink, int maxPduBytes = 1 << 18)
    {
        (_sink, _maxPduBytes) = (sink, maxPduBytes);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(64);
        _thread = new Thread(Accept) { IsBackground = true };
        _thread.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var connection = _listener.Accept();
                new Thread(() => Serve(connection)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: nobody is to be served any more.
        }
    }

    private void Serve(Socket connection)
    {
        try
        {
            using var association = WitnessAssociation.Accept(connection, _maxPduBytes);
            var context = new LastContext(_sink);
            while (association.ReadMessage(context) is { } command)
            {
                association.SendMessage(context.Context ?? association.Contexts[0], CommandSet.Response(command, 0));
            }
        }
        catch (Exception e) when (e is IOException or WitnessProtocolException)
        {
            // The caller sees the broken association; there is nobody else to tell.
        }
    }

    private sealed class LastContext(IDataSetSink inner) : IDataSetSink
    {
        public WitnessContext? Context { get; private set; }

        public void Begin(CommandSet command, WitnessContext context)
        {
            Context = context;
            inner.Begin(command, context);
        }

        public void Append(ReadOnlySpan<byte> bytes) => inner.Append(bytes);

        public void End() => inner.End();
    }
}

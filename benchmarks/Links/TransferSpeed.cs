using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.LinksLoad;

/// <summary>A transfer between two nodes of this process on the loopback: read, proved, sent, verified, written to a partial transfer.</summary>
internal static class TransferSpeed
{
    private const int ObjectBytes = 512 * 1024;

    public static async Task RunAsync(int mebibytes, int rounds)
    {
        var (one, other) = (new NodeId(Guid.Parse("00000000-0000-4000-8000-000000000001")), new NodeId(Guid.Parse("00000000-0000-4000-8000-000000000002")));
        var folder = Directory.CreateTempSubdirectory("panal-transfer-");
        using var credentials = new Program.OneCertificate();
        await using var dialler = Program.Create(credentials.As(one, other));
        await using var acceptor = Program.Create(credentials.As(other, one));
        var memory = new Memory(other, mebibytes * 2);
        await using var source = Create(acceptor, other, memory, folder.FullName);
        await using var receiver = Create(dialler, one, memory, folder.FullName);
        acceptor.Serve(source);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        dialler.SetPeers([new LinkPeer(other, [listener.LocalEndpoint.ToString()!], MayRelay: false)]);
        var socket = await listener.AcceptSocketAsync();
        var accepted = acceptor.AcceptAsync(new NetworkStream(socket, ownsSocket: true), socket.RemoteEndPoint, CancellationToken.None);
        for (var round = 0; round < rounds; round++)
        {
            var idle = PeakMemory.Begin();
            var clock = Program.Clock.Start();
            var transfer = receiver.Begin(new TransferPlan(new TransferScope("load"), memory.Objects, TransferPriority.Interactive));
            await transfer.Ended;
            var figures = clock.Stop((long)mebibytes << 20);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{mebibytes} MiB in objects of 0.5 MiB: {figures.MegabytesPerSecond:F0} MB/s, {figures.CpuPerGigabyte:F2} CPU s/GB for both ends, {Environment.ProcessorCount} processors; {PeakMemory.End() - idle:F0} MiB of memory beyond {idle:F0} idle"));
        }

        await receiver.DisposeAsync();
        await source.DisposeAsync();
        await dialler.DisposeAsync();
        await acceptor.DisposeAsync();
        await accepted;
        folder.Delete(recursive: true);
    }

    /// <summary>The resident memory of this process, in MiB, as Linux counts it.</summary>
    private static class PeakMemory
    {
        /// <summary>Forgets the peak; gives what is resident while nothing is under way.</summary>
        public static double Begin()
        {
            GC.GetTotalMemory(forceFullCollection: true);
            File.WriteAllText("/proc/self/clear_refs", "5");
            return Read("VmRSS:");
        }

        /// <summary>The most that was resident since.</summary>
        public static double End() => Read("VmHWM:");

        private static double Read(string name) =>
            int.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    private static TransferService Create(ILinks links, NodeId self, Memory memory, string folder) => new(
        links,
        () => self,
        new TransferPorts(memory, memory, memory),
        new TransferOptions { Folder = Path.Combine(folder, self.ToString()), ReserveBytes = 0, LineBytesPerSecond = 1e9 },
        TimeProvider.System,
        NullLogger<TransferService>.Instance);

    /// <summary>Objects that are made as they are read, and an archive that takes everything and keeps nothing.</summary>
    private sealed class Memory : IHeldObjects, IHeldScope, IFinishedObjects, IHolderDirectory
    {
        private readonly NodeId _holder;
        private readonly byte[] _bytes = new byte[ObjectBytes];
        private readonly Dictionary<ContentHash, int> _numbers = [];

        public Memory(NodeId holder, int objects)
        {
            _holder = holder;
            new Random(1).NextBytes(_bytes);
            var content = new byte[ObjectBytes];
            for (var i = 0; i < objects; i++)
            {
                new Content(_bytes, i).ReadAt(content, 0);
                _numbers.Add(ContentHash.Of(content), i);
            }

            Objects = [.. _numbers.Keys.Select(static hash => new TransferObject(hash, ObjectBytes, IsFirstOfSeries: false))];
        }

        public TransferObject[] Objects { get; }

        public ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken) => ValueTask.FromResult<IHeldScope?>(this);

        public bool Holds(ContentHash hash, long lengthBytes) => _numbers.ContainsKey(hash);

        public IHeldObject? Open(ContentHash hash) => new Content(_bytes, _numbers[hash]);

        public Task NextChangeAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

        public ValueTask KeepAsync(TransferScope scope, TransferObject finished, Stream bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask KeepWholeAsync(TransferScope scope, IReadOnlyList<Stream> parts, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public IReadOnlyList<NodeId> HoldersOf(TransferScope scope) => [_holder];

        public IReadOnlyList<NodeId> WholeHoldersOf(TransferScope scope) => [_holder];
    }

    /// <summary>The same random bytes with a number in front, so that each has another hash.</summary>
    private sealed class Content(byte[] bytes, int number) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset)
        {
            var there = bytes.AsSpan((int)Math.Min(offset, bytes.Length));
            there = there[..Math.Min(there.Length, buffer.Length)];
            there.CopyTo(buffer);
            if (offset == 0 && buffer.Length >= sizeof(int))
            {
                BinaryPrimitives.WriteInt32LittleEndian(buffer, number);
            }

            return there.Length;
        }

        public void Dispose()
        {
        }
    }
}

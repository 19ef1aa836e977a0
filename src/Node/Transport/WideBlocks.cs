using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Panal.Node.Transport;

/// <summary>Gives Kestrel's doors blocks of 64 KiB instead of 4 KiB to receive into and to send from.</summary>
/// <remarks>
/// A slice of a CT is half a megabyte: in blocks of 4 KiB it is 128 receives, each with a change of threads. A connection that waits
/// owns no block, because Kestrel waits with a read of no bytes.
/// </remarks>
internal sealed class WideBlocks : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    /// <summary>Keeps blocks that were given back, up to a limit; what is beyond it is left to the collector.</summary>
    private sealed class Pool : MemoryPool<byte>
    {
        /// <summary>About what a loopback socket or a fast line has ready at once.</summary>
        private const int BlockLengthBytes = 64 << 10;

        /// <summary>16 MiB: as many transfers at a time as two processors can serve.</summary>
        private const int KeptLimit = 256;

        private readonly ConcurrentQueue<Block> _kept = new();
        private int _count;

        public override int MaxBufferSize => BlockLengthBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockLengthBytes);
            if (_kept.TryDequeue(out var block))
            {
                Interlocked.Decrement(ref _count);
                block.Take();
                return block;
            }

            return new Block(this);
        }

        private void Return(Block block)
        {
            if (Interlocked.Increment(ref _count) <= KeptLimit)
            {
                _kept.Enqueue(block);
            }
            else
            {
                Interlocked.Decrement(ref _count);
            }
        }

        protected override void Dispose(bool disposing) => _kept.Clear();

        private sealed class Block(Pool pool) : IMemoryOwner<byte>
        {
            // Pinned, so that a receive of the kernel need not pin it each time.
            private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockLengthBytes, pinned: true);
            private int _isTaken = 1;

            public Memory<byte> Memory => _bytes;

            public void Take() => Volatile.Write(ref _isTaken, 1);

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isTaken, 0) == 1)
                {
                    pool.Return(this);
                }
            }
        }
    }
}

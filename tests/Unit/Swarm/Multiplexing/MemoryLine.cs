using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>A connection in memory that takes so many bytes and no more until they are read, as a saturated line does.</summary>
internal sealed class MemoryLine : Stream
{
    private readonly PipeReader _input;
    private readonly PipeWriter _output;

    private MemoryLine(PipeReader input, PipeWriter output)
    {
        _input = input;
        _output = output;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static (MemoryLine One, MemoryLine Other) Create(int capacityBytes = 64 * 1024)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacityBytes, resumeWriterThreshold: capacityBytes / 2, minimumSegmentSize: 16 * 1024, useSynchronizationContext: false);
        var (there, back) = (new Pipe(options), new Pipe(options));
        return (new MemoryLine(back.Reader, there.Writer), new MemoryLine(there.Reader, back.Writer));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _input.ReadAsync(cancellationToken);
        var taken = result.Buffer.Slice(0, Math.Min(buffer.Length, result.Buffer.Length));
        var position = 0;
        foreach (var part in taken)
        {
            part.CopyTo(buffer[position..]);
            position += part.Length;
        }

        _input.AdvanceTo(taken.End);
        return position;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _output.WriteAsync(buffer, cancellationToken);
        if (result.IsCompleted)
        {
            throw new IOException("The other end is closed.");
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _output.CompleteAsync();
        await base.DisposeAsync();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

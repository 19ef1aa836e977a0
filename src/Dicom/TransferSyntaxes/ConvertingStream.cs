using System.IO.Pipelines;
namespace Panal.Dicom;

/// <summary>Reads a data set in another transfer syntax than it is stored in; converts as far ahead as the pipe holds, no further.</summary>
public sealed class ConvertingStream : Stream
{
    private readonly PipeReader _reader;
    private readonly Pipe _pipe = new();
    private readonly Stream _converted;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Task _conversion;

    public ConvertingStream(Stream source, TransferSyntax from, TransferSyntax to)
    {
        _reader = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        _converted = _pipe.Reader.AsStream();
        _conversion = ConvertAsync(from, to);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => _converted.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _converted.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _converted.ReadAsync(buffer, offset, count, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await _abandoned.CancelAsync();
        await _converted.DisposeAsync();
        await _conversion;
        await _reader.CompleteAsync();
        _abandoned.Dispose();
        await base.DisposeAsync();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>A fault reaches the reader of the pipe, never this task's owner.</summary>
    private async Task ConvertAsync(TransferSyntax from, TransferSyntax to)
    {
        await Task.Yield();
        Exception? fault = null;
        try
        {
            await TransferSyntaxConverter.ConvertAsync(_reader, from, _pipe.Writer, to, DecodeLimits.Default, _abandoned.Token);
        }
        catch (Exception e)
        {
            fault = e;
        }

        await _pipe.Writer.CompleteAsync(fault);
    }
}

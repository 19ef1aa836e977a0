using System.Buffers;
using Panal.Codecs;

namespace Panal.Imaging.Compact;

/// <summary>
/// A file of uncompressed frames that is read at any offset while only what stands before and behind its samples is there: the samples of one frame are decoded, and in memory, at
/// a time. Not for several threads at once.
/// </summary>
public abstract class FrameStream : Stream
{
    private readonly ReadOnlyMemory<byte> _before;
    private readonly ReadOnlyMemory<byte> _behind;
    private readonly int _frameLengthBytes;
    private readonly long _samplesEnd;
    private byte[] _samples = [];
    private int _frame = -1;
    private long _position;

    /// <param name="before">What stands before the samples.</param>
    /// <param name="frames">How many frames, at least 1.</param>
    /// <param name="frameLengthBytes">Length of the samples of one, at least 1.</param>
    /// <param name="behind">What stands behind the samples.</param>
    private protected FrameStream(ReadOnlyMemory<byte> before, int frames, int frameLengthBytes, ReadOnlyMemory<byte> behind)
    {
        (_before, _behind, _frameLengthBytes) = (before, behind, frameLengthBytes);
        _samplesEnd = before.Length + ((long)frames * frameLengthBytes);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _samplesEnd + _behind.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <exception cref="CompactFormException">A frame is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        ReadOnlySpan<byte> source;
        if (_position < _before.Length)
        {
            source = _before.Span[(int)_position..];
        }
        else if (_position < _samplesEnd)
        {
            var (frame, offset) = Math.DivRem(_position - _before.Length, _frameLengthBytes);
            source = Samples((int)frame)[(int)offset..];
        }
        else
        {
            source = _position < Length ? _behind.Span[(int)(_position - _samplesEnd)..] : default;
        }

        var length = Math.Min(source.Length, buffer.Length);
        source[..length].CopyTo(buffer);
        _position += length;
        return length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What takes time is the codec; the frame itself lies in the page cache or comes from it at once.
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Decodes the samples of a frame.</summary>
    /// <exception cref="CodecException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    private protected abstract void Decode(int frame, Span<byte> samples);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ArrayPool<byte>.Shared.Return(_samples);
            (_samples, _frame) = ([], -1);
        }

        base.Dispose(disposing);
    }

    private ReadOnlySpan<byte> Samples(int frame)
    {
        if (_samples.Length == 0)
        {
            _samples = ArrayPool<byte>.Shared.Rent(_frameLengthBytes);
        }

        var samples = _samples.AsSpan(0, _frameLengthBytes);
        if (frame == _frame)
        {
            return samples;
        }

        _frame = -1;
        try
        {
            Decode(frame, samples);
        }
        catch (Exception e) when (e is CodecException or EndOfStreamException)
        {
            throw new CompactFormException($"Frame {frame} of a compact form is damaged.", e);
        }

        _frame = frame;
        return samples;
    }
}

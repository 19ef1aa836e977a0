using System.Buffers;
using Panal.Codecs;
using Panal.Dicom;

namespace Panal.Imaging.Compact;

/// <summary>
/// A file of uncompressed frames that is read at any offset while only what stands before and behind its samples is there: the samples of one frame are decoded, and in memory, at
/// a time. Not for several threads at once.
/// </summary>
public abstract class FrameStream : SeekableStream
{
    private readonly ReadOnlyMemory<byte> _before;
    private readonly ReadOnlyMemory<byte> _behind;
    private readonly int _frameLengthBytes;
    private readonly long _samplesEnd;
    private byte[] _samples = [];
    private int _frame = -1;

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
    public override long Length => _samplesEnd + _behind.Length;

    /// <exception cref="CompactFormException">A frame is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        ReadOnlySpan<byte> source;
        if (Position < _before.Length)
        {
            source = _before.Span[(int)Position..];
        }
        else if (Position < _samplesEnd)
        {
            var (frame, offset) = Math.DivRem(Position - _before.Length, _frameLengthBytes);
            source = Samples((int)frame)[(int)offset..];
        }
        else
        {
            source = Position < Length ? _behind.Span[(int)(Position - _samplesEnd)..] : default;
        }

        var length = Math.Min(source.Length, buffer.Length);
        source[..length].CopyTo(buffer);
        Position += length;
        return length;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What takes time is the codec; the frame itself lies in the page cache or comes from it at once.
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

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

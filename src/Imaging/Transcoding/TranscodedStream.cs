using System.Buffers;
using System.Buffers.Binary;
using Panal.Codecs;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>
/// A data set in another transfer syntax, made frame by frame as it is read. One frame is in memory at a time. Encapsulated frames are one
/// fragment each, and the basic offset table is empty, which tells the same (PS3.5 §A.4).
/// </summary>
internal sealed class TranscodedStream : Stream
{
    private const int ItemHeaderLengthBytes = 8;
    private const uint UndefinedLength = 0xFFFFFFFF;

    private readonly Stream _source;
    private readonly StoredImage _image;
    private readonly TransferSyntax _target;
    private readonly int _frames;
    private readonly FrameTranscoder? _transcoder;
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private readonly int _encodedLimitBytes;
    private byte[] _stored = [];
    private int _position;
    private int _frame;
    private bool _isFinished;

    internal TranscodedStream(Stream source, StoredImage image, TransferSyntax target, ImageLimits limits)
    {
        (_source, _image, _target, _encodedLimitBytes) = (source, image, target, limits.EncodedFrameLengthBytes);
        if (image.Pixels is { } pixels)
        {
            var codec = image.IsEncapsulated ? FrameCodec.Find(image.Syntax) : null;
            if (image.IsEncapsulated && codec is null)
            {
                throw new ImageException(ImageFault.Unsupported, $"{image.Syntax.Name} is not decoded.");
            }

            TargetAttributes.Change(image, pixels, codec, target);
            _frames = pixels.Frames;
            try
            {
                var encoder = FrameCodec.Find(target)?.EncoderFor(image.Attributes.GetString(Tags.PhotometricInterpretation));
                _transcoder = new FrameTranscoder(pixels, codec, encoder, TargetAttributes.BecomesRgb(pixels, codec), limits);
            }
            catch (CodecException e)
            {
                throw ImageException.Of(e);
            }
        }
        else if (target.IsEncapsulated)
        {
            throw new ImageException(ImageFault.Unsupported, "A data set without pixel data is not compressed.");
        }

        try
        {
            WriteHead();
            Continue();
        }
        catch
        {
            _transcoder?.Dispose();
            throw;
        }
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

    /// <exception cref="ImageException">A later frame is damaged; what was read is no whole data set.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_position == _chunk.WrittenCount && !_isFinished)
        {
            _chunk.ResetWrittenCount();
            _position = 0;
            Continue();
        }

        var step = Math.Min(buffer.Length, _chunk.WrittenCount - _position);
        _chunk.WrittenSpan.Slice(_position, step).CopyTo(buffer);
        _position += step;
        return step;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What takes time is the codec; the frame itself lies in the page cache or comes from it at once.
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ArrayPool<byte>.Shared.Return(_stored);
            _stored = [];
            _isFinished = true;
            _transcoder?.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private void WriteHead()
    {
        DataSetEncoding.Encode(_image.Attributes, _target, _chunk);
        if (_image.Pixels is not { } pixels)
        {
            return;
        }

        var length = UndefinedLength;
        if (!_target.IsEncapsulated)
        {
            var bytes = pixels.Layout.LengthBytes * _frames;
            length = bytes < UndefinedLength - 1
                ? (uint)(bytes + (bytes & 1))
                : throw new ImageException(ImageFault.LimitExceeded, $"Pixel data of {bytes} bytes does not fit uncompressed.");
        }

        PixelDataHeader.Write(_target, pixels.BitsAllocated, length, _chunk);
        if (_target.IsEncapsulated)
        {
            WriteItem(0);
        }
    }

    /// <summary>Adds the next frame to the chunk, or what stands behind the last one.</summary>
    private void Continue()
    {
        if (_frame < _frames)
        {
            WriteFrame(_frame);
            _frame++;
            return;
        }

        if (_target.IsEncapsulated)
        {
            _chunk.Write((ReadOnlySpan<byte>)[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        }
        else if (_image.Pixels is { } pixels && (pixels.Layout.LengthBytes * _frames & 1) != 0)
        {
            _chunk.Write([(byte)0]);
        }

        DataSetEncoding.Encode(_image.Trailing, _target, _chunk);
        _isFinished = true;
    }

    private void WriteFrame(int frame)
    {
        try
        {
            var encoded = _transcoder!.Transcode(Fetch(frame));
            if (!_target.IsEncapsulated)
            {
                _chunk.Write(encoded);
                return;
            }

            WriteItem((uint)((encoded.Length + 1) & ~1));
            _chunk.Write(encoded);
            if ((encoded.Length & 1) != 0)
            {
                _chunk.Write([(byte)0]);
            }
        }
        catch (CodecException e)
        {
            throw ImageException.Of(e);
        }
        catch (EndOfStreamException e)
        {
            throw new ImageException(ImageFault.Damaged, $"Frame {frame} is cut.", e);
        }
    }

    private ReadOnlySpan<byte> Fetch(int frame)
    {
        var fragments = _image.FragmentsOf(frame);
        var length = fragments.Sum(fragment => (long)fragment.LengthBytes);
        if (length > _encodedLimitBytes)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"An encoded frame of {length} bytes.");
        }

        if (_stored.Length < length)
        {
            ArrayPool<byte>.Shared.Return(_stored);
            _stored = ArrayPool<byte>.Shared.Rent((int)length);
        }

        var at = 0;
        foreach (var fragment in fragments)
        {
            _source.Position = fragment.Offset;
            _source.ReadExactly(_stored, at, fragment.LengthBytes);
            at += fragment.LengthBytes;
        }

        return _stored.AsSpan(0, at);
    }

    private void WriteItem(uint lengthBytes)
    {
        var header = _chunk.GetSpan(ItemHeaderLengthBytes);
        ((ReadOnlySpan<byte>)[0xFE, 0xFF, 0x00, 0xE0]).CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], lengthBytes);
        _chunk.Advance(ItemHeaderLengthBytes);
    }
}

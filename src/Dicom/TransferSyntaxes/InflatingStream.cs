using System.IO.Compression;

namespace Panal.Dicom;

/// <summary>Inflates a data set as it is read, within limits of size and ratio (PS3.5 §A.5, RFC 1951).</summary>
/// <remarks>A source that is only dry for the moment answers 0; reading goes on when it has more.</remarks>
internal sealed class InflatingStream : ForwardStream
{
    private readonly CountedSource _source;
    private readonly DeflateStream _inflater;
    private readonly DecodeLimits _limits;
    private long _inflatedBytes;

    public InflatingStream(Stream source, DecodeLimits limits)
    {
        _source = new CountedSource(source);
        _inflater = new DeflateStream(_source, CompressionMode.Decompress);
        _limits = limits;
    }

    public override bool CanRead => true;

    /// <exception cref="DicomFormatException">The bytes are corrupt, or become more than a limit.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Check(_inflater.Read(buffer));
        }
        catch (InvalidDataException)
        {
            throw Corrupt();
        }
    }

    /// <exception cref="DicomFormatException">The bytes are corrupt, or become more than a limit.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return Check(await _inflater.ReadAsync(buffer, cancellationToken));
        }
        catch (InvalidDataException)
        {
            throw Corrupt();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inflater.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Check(int read)
    {
        _inflatedBytes += read;
        if (_inflatedBytes > _limits.MaximumInflatedLengthBytes
            || (_inflatedBytes > _limits.InflatedLengthWithoutRatioBytes && _inflatedBytes / _limits.MaximumInflateRatio > _source.ReadBytes))
        {
            throw new DicomFormatException("The deflated bytes become too many", _inflatedBytes, DicomFormatReason.DeflateLimit);
        }

        return read;
    }

    private DicomFormatException Corrupt() => new("The deflated bytes are corrupt", _inflatedBytes, DicomFormatReason.DeflateCorrupt);

    private sealed class CountedSource(Stream source) : ForwardStream
    {
        public long ReadBytes { get; private set; }

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer);
            ReadBytes += read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await source.ReadAsync(buffer, cancellationToken);
            ReadBytes += read;
            return read;
        }
    }
}

/// <summary>Deflates what is written; the end is padded to an even length (PS3.5 §A.5). The target stays open.</summary>
internal sealed class DeflatingStream : ForwardStream
{
    private readonly CountedTarget _target;
    private readonly DeflateStream _deflater;
    private bool _isEnded;

    public DeflatingStream(Stream target)
    {
        _target = new CountedTarget(target);

        // The fastest level: a data set is deflated on its way, and pixel data gains little from more work.
        _deflater = new DeflateStream(_target, CompressionLevel.Fastest, leaveOpen: true);
    }

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer) => _deflater.Write(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _deflater.WriteAsync(buffer, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            await _deflater.DisposeAsync();
            if ((_target.WrittenBytes & 1) != 0)
            {
                await _target.WriteAsync(new byte[1], CancellationToken.None);
            }
        }

        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isEnded)
        {
            _isEnded = true;
            _deflater.Dispose();
            if ((_target.WrittenBytes & 1) != 0)
            {
                _target.Write([0]);
            }
        }

        base.Dispose(disposing);
    }

    private sealed class CountedTarget(Stream target) : ForwardStream
    {
        public long WrittenBytes { get; private set; }

        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            target.Write(buffer);
            WrittenBytes += buffer.Length;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await target.WriteAsync(buffer, cancellationToken);
            WrittenBytes += buffer.Length;
        }
    }
}

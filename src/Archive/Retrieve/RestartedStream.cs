using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>
/// What can only be read from its beginning, such as what is inflated or deflated on the way, read and sought like a file, by one thread at a time: whoever goes
/// back has it made again, so that nothing of it is kept.
/// </summary>
internal sealed class RestartedStream : SeekableStream
{
    private const int SkipBytes = 16 * 1024;

    private readonly Func<Stream> _open;
    private readonly Stream? _owned;
    private readonly byte[] _skipped = new byte[SkipBytes];
    private Stream _current;
    private long _made;

    /// <summary>Reads it once to its end, to know its length.</summary>
    /// <param name="open">Begins it anew, the same bytes each time.</param>
    /// <param name="owned">What it is made of and nobody else needs; null for nothing.</param>
    internal RestartedStream(Func<Stream> open, Stream? owned = null)
    {
        _open = open;
        _owned = owned;
        _current = open();
        try
        {
            for (int read; (read = _current.Read(_skipped)) > 0;)
            {
                _made += read;
            }
        }
        catch
        {
            _current.Dispose();
            throw;
        }

        Length = _made;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (Position >= Length)
        {
            return 0;
        }

        while (MustSkip() is > 0 and var skip)
        {
            _made += Some(_current.Read(_skipped.AsSpan(0, skip)));
        }

        return Passed(_current.Read(buffer));
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length)
        {
            return 0;
        }

        while (MustSkip() is > 0 and var skip)
        {
            _made += Some(await _current.ReadAsync(_skipped.AsMemory(0, skip), cancellationToken));
        }

        return Passed(await _current.ReadAsync(buffer, cancellationToken));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current.Dispose();
            _owned?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static int Some(int read) => read > 0 ? read : throw new EndOfStreamException("What is made again is shorter than before.");

    /// <summary>How many bytes are to be made and passed over next; begins anew when what is wanted lies behind.</summary>
    private int MustSkip()
    {
        if (Position < _made)
        {
            _current.Dispose();
            _current = _open();
            _made = 0;
        }

        return (int)Math.Min(Position - _made, SkipBytes);
    }

    private int Passed(int read)
    {
        _made += read;
        Position += read;
        return read;
    }
}

using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>A file with some of its bytes replaced: read and sought like one, by one thread at a time. Owns the file.</summary>
internal sealed class SplicedStream(Stream file, IReadOnlyList<SplicedStream.Piece> pieces) : SeekableStream
{
    private readonly long[] _starts = StartsOf(pieces);

    /// <summary>Bytes that stand one behind the other.</summary>
    /// <param name="Offset">Where they are in the file.</param>
    /// <param name="LengthBytes">How many.</param>
    /// <param name="Bytes">Instead of those of the file; null when they are in the file.</param>
    /// <param name="Source">Where they are instead of the file; owned, one piece a source.</param>
    internal sealed record Piece(long Offset, long LengthBytes, ReadOnlyMemory<byte>? Bytes = null, Stream? Source = null)
    {
        internal static Piece Of(ReadOnlyMemory<byte> bytes) => new(0, bytes.Length, bytes);

        internal static Piece Of(Stream source) => new(0, source.Length, Source: source);
    }

    /// <inheritdoc/>
    public override long Length => _starts[^1];

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (Find() is not var (piece, offset))
        {
            return 0;
        }

        int length = (int)Math.Min(buffer.Length, piece.LengthBytes - offset);
        if (piece.Bytes is { } bytes)
        {
            bytes.Span.Slice((int)offset, length).CopyTo(buffer);
        }
        else
        {
            Stream source = SourceOf(piece, offset);
            length = source.Read(buffer[..length]);
        }

        Position += length;
        return length;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Find() is not ({ Bytes: null } piece, var offset))
        {
            return Read(buffer.Span);
        }

        Stream source = SourceOf(piece, offset);
        int length = await source.ReadAsync(buffer[..(int)Math.Min(buffer.Length, piece.LengthBytes - offset)], cancellationToken);
        Position += length;
        return length;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Piece piece in pieces)
            {
                piece.Source?.Dispose();
            }

            file.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Where the bytes of a piece are, standing at them.</summary>
    private Stream SourceOf(Piece piece, long offset)
    {
        Stream source = piece.Source ?? file;
        source.Position = piece.Offset + offset;
        return source;
    }

    private static long[] StartsOf(IReadOnlyList<Piece> pieces)
    {
        var starts = new long[pieces.Count + 1];
        for (int i = 0; i < pieces.Count; i++)
        {
            starts[i + 1] = starts[i] + pieces[i].LengthBytes;
        }

        return starts;
    }

    /// <summary>The piece at the position, and how far into it that is; null at the end.</summary>
    private (Piece Piece, long Offset)? Find()
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            if (Position < _starts[i + 1])
            {
                return (pieces[i], Position - _starts[i]);
            }
        }

        return null;
    }
}

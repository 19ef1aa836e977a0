using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Panal.Catalogue;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>Packs the metadata of instances, which is nearly alike within a series, and unpacks it. See docs/formats/metadata-chunk.md.</summary>
internal static class MetadataChunk
{
    /// <summary>Instances that a chunk stands for at most: so many slices take some 15 kB, and whoever wants one unpacks no more than 200 kB.</summary>
    internal const int InstanceLimit = 64;

    /// <summary>Bytes of JSON after which a chunk is full.</summary>
    internal const int FullBytes = 4 << 20;

    /// <summary>Bytes of JSON in a chunk at most; the metadata of one instance that is longer is made from its file each time.</summary>
    internal const int JsonLimitBytes = 16 << 20;

    private const byte Version = 1;
    private const int DigestOffset = 1;
    private const int LengthsOffset = DigestOffset + SHA256.HashSizeInBytes;

    // Higher ones take several times as long for a tenth less.
    private const int Quality = 5;

    // A window of 1 MiB: a slice finds the one before it, and a long structured report itself.
    private const int WindowBits = 20;

    /// <summary>Packs the JSON of some instances.</summary>
    /// <param name="instances">1 to <see cref="InstanceLimit"/>, with <see cref="JsonLimitBytes"/> in all at most.</param>
    internal static MetadataChunkRow Pack(IReadOnlyList<(MetadataName Name, ReadOnlyMemory<byte> Json)> instances)
    {
        var total = instances.Sum(static one => one.Json.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(instances.Count, InstanceLimit, nameof(instances));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(total, JsonLimitBytes, nameof(instances));
        var names = new byte[instances.Count * MetadataName.LengthBytes];
        var json = new byte[total];
        var streamOffset = StreamOffset(instances.Count);
        var chunk = new byte[streamOffset + BrotliEncoder.GetMaxCompressedLength(total)];
        var offset = 0;
        foreach (var (index, (name, one)) in instances.Index())
        {
            name.Write(names.AsSpan(index * MetadataName.LengthBytes));
            BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(StreamOffset(index)), one.Length);
            one.Span.CopyTo(json.AsSpan(offset));
            offset += one.Length;
        }

        // It fits: there is room for what cannot be compressed.
        BrotliEncoder.TryCompress(json, chunk.AsSpan(streamOffset), out var packed, Quality, WindowBits);
        var whole = chunk.AsSpan(0, streamOffset + packed).ToArray();
        whole[0] = Version;
        DigestOf(names, whole, whole.AsSpan(DigestOffset));
        return new MetadataChunkRow(0, instances.Count, names, whole);
    }

    /// <summary>Whether a chunk is as it was packed; it is not unpacked for that.</summary>
    internal static bool IsWhole(MetadataChunkRow chunk)
    {
        var bytes = chunk.Chunk.Span;
        if (!HasNames(chunk) || bytes.Length <= StreamOffset(chunk.Instances) || bytes[0] != Version)
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        DigestOf(chunk.Names.Span, bytes, digest);
        return digest.SequenceEqual(bytes[DigestOffset..LengthsOffset]);
    }

    /// <summary>Of which contents the metadata is in a chunk, if it is whole; none when that cannot be read.</summary>
    internal static MetadataName[] NamesOf(MetadataChunkRow chunk)
    {
        if (!HasNames(chunk))
        {
            return [];
        }

        var names = new MetadataName[chunk.Instances];
        for (var index = 0; index < names.Length; index++)
        {
            names[index] = MetadataName.Read(chunk.Names.Span[(index * MetadataName.LengthBytes)..]);
        }

        return names;
    }

    /// <summary>Unpacks a chunk.</summary>
    /// <returns>The JSON of its instances in the order of their names; null when the chunk is damaged.</returns>
    internal static ReadOnlyMemory<byte>[]? Unpack(MetadataChunkRow chunk)
    {
        if (!IsWhole(chunk))
        {
            return null;
        }

        var bytes = chunk.Chunk.Span;
        var total = 0L;
        for (var index = 0; index < chunk.Instances; index++)
        {
            total += LengthAt(bytes, index);
        }

        // The digest says that it is as it was packed, not who packed it.
        if (total > JsonLimitBytes)
        {
            return null;
        }

        var json = new byte[total];
        return BrotliDecoder.TryDecompress(bytes[StreamOffset(chunk.Instances)..], json, out var written) && written == json.Length
            ? Cut(json, bytes, chunk.Instances)
            : null;
    }

    private static ReadOnlyMemory<byte>[] Cut(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> chunk, int count)
    {
        var parts = new ReadOnlyMemory<byte>[count];
        var offset = 0;
        for (var index = 0; index < count; index++)
        {
            var length = (int)LengthAt(chunk, index);
            parts[index] = json.Slice(offset, length);
            offset += length;
        }

        return parts;
    }

    private static bool HasNames(MetadataChunkRow chunk) =>
        chunk.Instances is >= 1 and <= InstanceLimit && chunk.Names.Length == chunk.Instances * MetadataName.LengthBytes;

    private static int StreamOffset(int instances) => LengthsOffset + (instances * sizeof(uint));

    private static uint LengthAt(ReadOnlySpan<byte> chunk, int index) => BinaryPrimitives.ReadUInt32LittleEndian(chunk[StreamOffset(index)..]);

    private static void DigestOf(ReadOnlySpan<byte> names, ReadOnlySpan<byte> chunk, Span<byte> digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(names);
        hash.AppendData(chunk[LengthsOffset..]);
        hash.GetHashAndReset(digest);
    }
}

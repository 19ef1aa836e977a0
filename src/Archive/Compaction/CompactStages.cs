using System.Buffers;
using System.Buffers.Binary;
using Panal.Catalogue;
using Panal.Imaging;
using Panal.Imaging.Compact.Stages;
using Panal.Volumes;

namespace Panal.Archive.Compaction;

/// <summary>One stage of a compact file, as transfers know it.</summary>
/// <param name="Hash">Content hash of its bytes.</param>
/// <param name="LengthBytes">Their number.</param>
public readonly record struct CompactStage(ContentHash Hash, int LengthBytes);

/// <summary>The stages that compact files can be sent in: told by the catalogue, cut out of the file when they are asked for (docs/formats/stages.md).</summary>
public static class CompactStages
{
    /// <summary>Longest stage, in bytes: somewhat more than the longest file that has stages.</summary>
    public const int LengthLimitBytes = 80 << 20;

    private const byte Version = 1;
    private const int HeadBytes = 2;
    private const int StageBytes = ContentHash.LengthBytes + sizeof(int);

    /// <summary>The stages of a compact file, as its row tells them; empty where it has none.</summary>
    public static IReadOnlyList<CompactStage> Of(CompactFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var bytes = file.Stages.Span;
        if (bytes.Length < HeadBytes || bytes[0] != Version || bytes.Length != HeadBytes + (bytes[1] * StageBytes))
        {
            return [];
        }

        var stages = new CompactStage[bytes[1]];
        for (var i = 0; i < stages.Length; i++)
        {
            var stage = bytes.Slice(HeadBytes + (i * StageBytes), StageBytes);
            stages[i] = new CompactStage(new ContentHash(stage[..ContentHash.LengthBytes]), BinaryPrimitives.ReadInt32LittleEndian(stage[ContentHash.LengthBytes..]));
        }

        return stages;
    }

    /// <summary>What the row of a compact file tells of its stages; empty when it has none.</summary>
    /// <param name="compact">The file; it can seek, and stays open.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static ReadOnlyMemory<byte> Describe(Stream compact)
    {
        if (StageCuts.Find(compact, ImageLimits.Default) is not { } cuts)
        {
            return default;
        }

        var bytes = new byte[HeadBytes + (cuts.Count * StageBytes)];
        (bytes[0], bytes[1]) = (Version, (byte)cuts.Count);
        for (var i = 0; i < cuts.Count; i++)
        {
            using var hasher = new ContentHasher();
            cuts.Write(i, hasher.Append);
            var target = bytes.AsSpan(HeadBytes + (i * StageBytes), StageBytes);
            BinaryPrimitives.WriteInt32LittleEndian(target[ContentHash.LengthBytes..], (int)hasher.LengthBytes);
            hasher.Complete().CopyTo(target);
        }

        return bytes;
    }

    /// <summary>Cuts a stage out of a compact file; null when it does not have it.</summary>
    /// <param name="compact">The file; it can seek, and stays open.</param>
    /// <param name="number">From 0.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[]? Cut(Stream compact, int number)
    {
        if (StageCuts.Find(compact, ImageLimits.Default) is not { } cuts || number >= cuts.Count)
        {
            return null;
        }

        var bytes = new ArrayBufferWriter<byte>();
        cuts.Write(number, piece => bytes.Write(piece));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Joins all stages to the compact file.</summary>
    /// <exception cref="InvalidDataException">They do not make one.</exception>
    public static Stream Join(IReadOnlyList<ReadOnlyMemory<byte>> stages)
    {
        try
        {
            var file = StagedFile.Read(stages);
            return file.IsWhole ? file.Open() : throw new InvalidDataException("A stage is lacking.");
        }
        catch (ImageException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }
}

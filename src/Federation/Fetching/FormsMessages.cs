using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Panal.Archive.Compaction;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>A peer does not keep to forms/2.</summary>
public sealed class FormsProtocolException(string message) : IOException(message);

/// <summary>Bytes of forms/2. See docs/formats/forms.md.</summary>
internal static class FormsMessages
{
    /// <summary>Most forms in an answer.</summary>
    internal const int FormLimit = 262_144;

    /// <summary>Longest scope, in bytes.</summary>
    internal const int ScopeLimitBytes = 128;

    private const int FormBytes = (2 * ContentHash.LengthBytes) + sizeof(ulong) + 1;
    private const int StageBytes = ContentHash.LengthBytes + sizeof(int);

    internal static void WriteQuestion(IBufferWriter<byte> output, string scope)
    {
        ArgumentOutOfRangeException.ThrowIfZero(scope.Length, nameof(scope));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scope.Length, ScopeLimitBytes, nameof(scope));
        var bytes = output.GetSpan(1 + scope.Length);
        bytes[0] = (byte)scope.Length;
        Encoding.ASCII.GetBytes(scope, bytes[1..]);
        output.Advance(1 + scope.Length);
    }

    internal static void WriteAnswer(IBufferWriter<byte> output, IReadOnlyCollection<CompactOffer> offers)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offers.Count, FormLimit, nameof(offers));
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), offers.Count);
        output.Advance(sizeof(int));
        foreach (var offer in offers)
        {
            var bytes = output.GetSpan(FormBytes);
            offer.Content.CopyTo(bytes);
            offer.Hash.CopyTo(bytes[ContentHash.LengthBytes..]);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(2 * ContentHash.LengthBytes)..], offer.LengthBytes);
            bytes[FormBytes - 1] = (byte)offer.Stages.Count;
            output.Advance(FormBytes);
            foreach (var stage in offer.Stages)
            {
                var told = output.GetSpan(StageBytes);
                stage.Hash.CopyTo(told);
                BinaryPrimitives.WriteInt32LittleEndian(told[ContentHash.LengthBytes..], stage.LengthBytes);
                output.Advance(StageBytes);
            }
        }
    }

    /// <summary>Reads a question.</summary>
    /// <exception cref="FormsProtocolException">It is none.</exception>
    internal static async ValueTask<string> ReadQuestionAsync(PipeReader input, CancellationToken ct)
    {
        var length = (await TakeAsync(input, 1, ct))[0];
        if (length is 0 or > ScopeLimitBytes)
        {
            throw new FormsProtocolException("The scope is none.");
        }

        var scope = await TakeAsync(input, length, ct);
        return Ascii.IsValid(scope) ? Encoding.ASCII.GetString(scope) : throw new FormsProtocolException("The scope is none.");
    }

    /// <summary>Reads an answer; memory grows with what really comes.</summary>
    /// <exception cref="FormsProtocolException">It is none.</exception>
    internal static async ValueTask<IReadOnlyList<CompactOffer>> ReadAnswerAsync(PipeReader input, CancellationToken ct)
    {
        var count = BinaryPrimitives.ReadUInt32LittleEndian(await TakeAsync(input, sizeof(uint), ct));
        if (count > FormLimit)
        {
            throw new FormsProtocolException("More forms than a study has.");
        }

        var offers = new List<CompactOffer>();
        for (var i = 0u; i < count; i++)
        {
            var bytes = await TakeAsync(input, FormBytes, ct);
            var length = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(2 * ContentHash.LengthBytes));
            if (length <= 0)
            {
                throw new FormsProtocolException("A form of no length.");
            }

            offers.Add(new CompactOffer(
                new ContentHash(bytes.AsSpan(0, ContentHash.LengthBytes)),
                new ContentHash(bytes.AsSpan(ContentHash.LengthBytes, ContentHash.LengthBytes)),
                length,
                await ReadStagesAsync(input, bytes[^1], ct)));
        }

        return offers;
    }

    private static async ValueTask<IReadOnlyList<CompactStage>> ReadStagesAsync(PipeReader input, int count, CancellationToken ct)
    {
        if (count is 1 or > TransferPart.CountLimit)
        {
            throw new FormsProtocolException("A form of one stage or too many.");
        }

        var stages = new CompactStage[count];
        for (var i = 0; i < count; i++)
        {
            var bytes = await TakeAsync(input, StageBytes, ct);
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(ContentHash.LengthBytes));
            stages[i] = length is > 0 and <= CompactStages.LengthLimitBytes
                ? new CompactStage(new ContentHash(bytes.AsSpan(0, ContentHash.LengthBytes)), length)
                : throw new FormsProtocolException($"A stage of {length} bytes.");
        }

        return stages;
    }

    private static async ValueTask<byte[]> TakeAsync(PipeReader input, int lengthBytes, CancellationToken ct)
    {
        var read = await input.ReadAtLeastAsync(lengthBytes, ct);
        if (read.Buffer.Length < lengthBytes)
        {
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            throw new FormsProtocolException("The stream ends inside a message.");
        }

        var taken = read.Buffer.Slice(0, lengthBytes);
        var bytes = taken.ToArray();
        input.AdvanceTo(taken.End);
        return bytes;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace Panal.Imaging.Compact;

/// <summary>How a compact file gives back the file that was stored at first. See docs/formats/compact-form.md.</summary>
/// <param name="Hash">Content hash of the first file; its bytes mean nothing here.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="IsPlanar">The samples of a component stood together.</param>
/// <param name="BeforeLengthBytes">Length of what stood before the samples.</param>
/// <param name="Frames">Number of frames.</param>
/// <param name="FrameLengthBytes">Length of the samples of one frame.</param>
/// <param name="BehindLengthBytes">Length of what stood behind the samples.</param>
internal sealed record Recipe(
    ReadOnlyMemory<byte> Hash, long LengthBytes, bool IsPlanar, int BeforeLengthBytes, int Frames, int FrameLengthBytes, int BehindLengthBytes)
{
    /// <summary>Private Information Creator UID (0002,0100) of recipes.</summary>
    internal const string CreatorUid = "2.25.82374903467188263489710920876787970122";

    /// <summary>Longest recipe, in bytes: it fits into a head with room to spare.</summary>
    internal const int LengthLimitBytes = 768 << 10;

    /// <summary>Longest "before" and "behind" together, in bytes: both are in memory while a file is read.</summary>
    internal const int SurroundingsLimitBytes = 32 << 20;

    private const int HashLengthBytes = 32;
    private const int FixedLengthBytes = 4 + HashLengthBytes + 8 + 1 + (4 * 4);

    private static ReadOnlySpan<byte> Magic => "PCF\u0001"u8;

    /// <summary>Writes the recipe for what stood before and behind, one after the other.</summary>
    /// <returns>False when it would be too long.</returns>
    internal bool TryWrite(ReadOnlySpan<byte> dictionary, ReadOnlySpan<byte> surroundings, ArrayBufferWriter<byte> target)
    {
        var number = target.GetSpan(FixedLengthBytes);
        Magic.CopyTo(number);
        Hash.Span.CopyTo(number[4..]);
        BinaryPrimitives.WriteInt64LittleEndian(number[36..], LengthBytes);
        number[44] = IsPlanar ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(number[45..], BeforeLengthBytes);
        BinaryPrimitives.WriteInt32LittleEndian(number[49..], Frames);
        BinaryPrimitives.WriteInt32LittleEndian(number[53..], FrameLengthBytes);
        BinaryPrimitives.WriteInt32LittleEndian(number[57..], BehindLengthBytes);
        target.Advance(FixedLengthBytes);
        var steps = new ArrayBufferWriter<byte>();
        ByteSteps.Write(dictionary, surroundings, steps);
        using var deflated = new MemoryStream();
        using (var deflate = new DeflateStream(deflated, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(steps.WrittenSpan);
        }

        if (deflated.Length > LengthLimitBytes - FixedLengthBytes)
        {
            return false;
        }

        target.Write(deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        return true;
    }

    /// <summary>Reads the numbers; false when the bytes are no recipe, or numbers contradict one another.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Recipe? recipe)
    {
        recipe = null;
        if (bytes.Length is < FixedLengthBytes or > LengthLimitBytes + 1 || !bytes.StartsWith(Magic) || bytes[44] > 1)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(bytes[36..]);
        var before = BinaryPrimitives.ReadInt32LittleEndian(bytes[45..]);
        var frames = BinaryPrimitives.ReadInt32LittleEndian(bytes[49..]);
        var frame = BinaryPrimitives.ReadInt32LittleEndian(bytes[53..]);
        var behind = BinaryPrimitives.ReadInt32LittleEndian(bytes[57..]);
        if (before < 0 || behind < 0 || (long)before + behind > SurroundingsLimitBytes || frames < 1 || frames > ImageLimits.Default.Fragments || frame < 1
            || before + ((long)frames * frame) + behind != length)
        {
            return false;
        }

        recipe = new Recipe(bytes.Slice(4, HashLengthBytes).ToArray(), length, bytes[44] == 1, before, frames, frame, behind);
        return true;
    }

    /// <summary>Makes what stood before and behind, one after the other.</summary>
    /// <param name="bytes">The recipe that this was read from.</param>
    /// <param name="dictionary">What the compact file gives.</param>
    /// <exception cref="ImageException">The steps are damaged.</exception>
    internal byte[] Surroundings(ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> dictionary)
    {
        var surroundings = new byte[BeforeLengthBytes + BehindLengthBytes];

        // No step gives nothing, and none takes more than 11 bytes beside its literal.
        var limit = (surroundings.Length * 12L) + 16;
        using var inflate = new DeflateStream(new MemoryStream(bytes[FixedLengthBytes..].ToArray()), CompressionMode.Decompress);
        var steps = new ArrayBufferWriter<byte>();
        try
        {
            int read;
            while ((read = inflate.Read(steps.GetSpan(16 << 10))) > 0)
            {
                steps.Advance(read);
                if (steps.WrittenCount > limit)
                {
                    throw new ImageException(ImageFault.LimitExceeded, $"A recipe of more than {limit} bytes.");
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw new ImageException(ImageFault.Damaged, "The recipe is damaged.", e);
        }

        return ByteSteps.TryFollow(dictionary, steps.WrittenSpan, surroundings)
            ? surroundings
            : throw new ImageException(ImageFault.Damaged, "The steps of the recipe are damaged.");
    }
}

using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Links;

namespace Panal.Swarm.Wire;

/// <summary>The first bytes of each direction of a link (docs/formats/link.md).</summary>
/// <param name="Oldest">Oldest version spoken, at least 1.</param>
/// <param name="Newest">Newest version spoken, not less than the oldest.</param>
//   0          8         10        12          16
//   +----------+---------+---------+-----------+
//   | PANALLNK | oldest  | newest  | reserved  |
//   +----------+---------+---------+-----------+
internal readonly record struct LinkPreface(ushort Oldest, ushort Newest)
{
    public const int SizeBytes = 16;

    private const int OldestOffset = 8;
    private const int NewestOffset = 10;
    private const int ReservedOffset = 12;

    /// <summary>What this release speaks.</summary>
    public static LinkPreface Ours { get; } = new(Oldest: 1, Newest: 1);

    private static ReadOnlySpan<byte> Magic => "PANALLNK"u8;

    /// <summary>Reads a preface; consumes nothing when it returns false.</summary>
    /// <param name="buffer">Bytes that begin with a preface.</param>
    /// <param name="preface">The preface.</param>
    /// <param name="consumed">Where the first frame begins.</param>
    /// <exception cref="LinkViolationException">The magic is another, or the versions make no range.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, out LinkPreface preface, out SequencePosition consumed)
    {
        preface = default;
        consumed = buffer.Start;
        Span<byte> bytes = stackalloc byte[SizeBytes];
        var length = (int)Math.Min(buffer.Length, SizeBytes);
        buffer.Slice(0, length).CopyTo(bytes);

        // A stranger is refused at the first wrong byte: no need to hold the connection for the rest.
        var magicLength = Math.Min(length, Magic.Length);
        if (!bytes[..magicLength].SequenceEqual(Magic[..magicLength]))
        {
            throw new LinkViolationException(LinkCloseReason.Malformed, "The connection does not begin with the preface of a link.");
        }

        if (length < SizeBytes)
        {
            return false;
        }

        var oldest = BinaryPrimitives.ReadUInt16LittleEndian(bytes[OldestOffset..]);
        var newest = BinaryPrimitives.ReadUInt16LittleEndian(bytes[NewestOffset..]);
        if (oldest == 0 || newest < oldest)
        {
            throw new LinkViolationException(LinkCloseReason.Malformed, $"Versions {oldest} to {newest} are no range.");
        }

        preface = new LinkPreface(oldest, newest);
        consumed = buffer.GetPosition(SizeBytes);
        return true;
    }

    /// <summary>Writes the preface into the first 16 bytes of a span.</summary>
    public void Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[OldestOffset..], Oldest);
        BinaryPrimitives.WriteUInt16LittleEndian(target[NewestOffset..], Newest);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ReservedOffset..], 0);
    }

    /// <summary>The newest version that both speak.</summary>
    /// <exception cref="LinkViolationException">There is none.</exception>
    public ushort Agree(LinkPreface other)
    {
        var version = Math.Min(Newest, other.Newest);
        return version >= Oldest && version >= other.Oldest
            ? version
            : throw new LinkViolationException(
                LinkCloseReason.Version, $"We speak versions {Oldest} to {Newest}, the peer {other.Oldest} to {other.Newest}.");
    }
}

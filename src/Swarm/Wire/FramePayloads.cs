using System.Buffers.Binary;
using Panal.Swarm.Links;

namespace Panal.Swarm.Wire;

/// <summary>Payloads of one number (docs/formats/link.md). A header that was read has checked their lengths.</summary>
internal static class FramePayloads
{
    public const int CreditBytes = 4;
    public const int ReasonBytes = 2;
    public const int PingBytes = 8;

    /// <summary>Most that one frame gives, in bytes: more than any line of ours has under way.</summary>
    public const uint MostCreditBytes = 16 * 1024 * 1024;

    /// <summary>What an opener may send at once, in bytes: a request costs no round trip of its own.</summary>
    public const int OpenersCreditBytes = 64 * 1024;

    /// <summary>Reads how many more bytes we may send.</summary>
    /// <exception cref="LinkViolationException">It is zero or above its limit.</exception>
    public static uint ReadCredit(ReadOnlySpan<byte> payload)
    {
        var credit = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        return credit is > 0 and <= MostCreditBytes
            ? credit
            : throw new LinkViolationException(LinkCloseReason.Credit, $"A credit of {credit} bytes.");
    }

    /// <summary>Reads why; a number that we do not know is kept as it is.</summary>
    public static LinkCloseReason ReadReason(ReadOnlySpan<byte> payload) => (LinkCloseReason)BinaryPrimitives.ReadUInt16LittleEndian(payload);

    /// <summary>Reads the number of a ping or pong.</summary>
    public static ulong ReadPing(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64LittleEndian(payload);
}

using System.Buffers.Binary;
using System.Text;
using Panal.Swarm.Links;

namespace Panal.Swarm.Wire;

/// <summary>Payload of <see cref="FrameType.Open"/> (docs/formats/link.md).</summary>
/// <param name="CreditBytes">What the peer may send at once.</param>
/// <param name="Protocol">What is spoken on the stream: 1 to 32 characters, <c>!</c> to <c>~</c> of ASCII.</param>
//   0          4
//   +----------+------------+
//   |  credit  |  protocol  |
//   +----------+------------+
internal readonly record struct OpenFrame(uint CreditBytes, string Protocol)
{
    public const int LongestProtocolBytes = 32;
    public const int ShortestBytes = ProtocolOffset + 1;
    public const int LongestBytes = ProtocolOffset + LongestProtocolBytes;

    /// <summary>Less would let a stream stand still before one full frame.</summary>
    public const uint LeastCreditBytes = 16 * 1024;

    private const int ProtocolOffset = 4;

    /// <summary>Length of the payload, in bytes.</summary>
    public int LengthBytes => ProtocolOffset + Protocol.Length;

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">As long as the header said.</param>
    /// <exception cref="LinkViolationException">Length, credit or protocol is not allowed.</exception>
    public static OpenFrame Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is < ShortestBytes or > LongestBytes)
        {
            throw new LinkViolationException(LinkCloseReason.Malformed, $"Open of {payload.Length} bytes.");
        }

        var credit = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (credit is < LeastCreditBytes or > FramePayloads.MostCreditBytes)
        {
            throw new LinkViolationException(LinkCloseReason.Credit, $"Open gives a credit of {credit} bytes.");
        }

        var protocol = payload[ProtocolOffset..];
        return protocol.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? throw new LinkViolationException(LinkCloseReason.Malformed, "Open names a protocol in other characters than ASCII.")
            : new OpenFrame(credit, Encoding.ASCII.GetString(protocol));
    }

    /// <summary>Writes the payload into the first <see cref="LengthBytes"/> of a span.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, CreditBytes);
        Encoding.ASCII.GetBytes(Protocol, target[ProtocolOffset..]);
    }
}

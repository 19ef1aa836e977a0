using System.Buffers;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Wire;

public sealed class FrameHeaderTests
{
    private static readonly string[] Names = ["open", "data", "credit", "end", "abort", "ping", "pong", "goaway"];

    [Theory]
    [InlineData("open", FrameType.Open, FrameFlags.Bulk, 5, 10)]
    [InlineData("data", FrameType.Data, FrameFlags.None, 5, 3)]
    [InlineData("credit", FrameType.Credit, FrameFlags.None, 6, 4)]
    [InlineData("end", FrameType.End, FrameFlags.None, 5, 0)]
    [InlineData("abort", FrameType.Abort, FrameFlags.None, 5, 2)]
    [InlineData("ping", FrameType.Ping, FrameFlags.None, 0, 8)]
    [InlineData("pong", FrameType.Pong, FrameFlags.None, 0, 8)]
    [InlineData("goaway", FrameType.GoAway, FrameFlags.None, 0, 2)]
    internal void A_header_is_read_and_written_as_the_format_says(string name, FrameType type, FrameFlags flags, uint stream, int length)
    {
        var typed = Typed(name);
        var expected = new FrameHeader(type, flags, stream, length);
        foreach (var buffer in new[] { new ReadOnlySequence<byte>(typed), Pieces.OfOneByte(typed) })
        {
            Assert.True(FrameHeader.TryRead(buffer, out var header, out var consumed));
            Assert.Equal(expected, header);
            Assert.Equal(length, buffer.Slice(consumed).Length);
        }

        var written = new byte[FrameHeader.SizeBytes];
        expected.Write(written);
        Assert.Equal(typed[..FrameHeader.SizeBytes], written);
    }

    [Theory]
    [InlineData(1, 0, LinkCloseReason.Malformed)]
    [InlineData(1, 4, LinkCloseReason.Malformed)]
    [InlineData(1, 5, null)]
    [InlineData(1, 36, null)]
    [InlineData(1, 37, LinkCloseReason.Oversized)]
    [InlineData(2, 0, LinkCloseReason.Malformed)]
    [InlineData(2, 1, null)]
    [InlineData(2, 16_376, null)]
    [InlineData(2, 16_377, LinkCloseReason.Oversized)]
    [InlineData(2, 65_535, LinkCloseReason.Oversized)]
    [InlineData(3, 3, LinkCloseReason.Malformed)]
    [InlineData(3, 4, null)]
    [InlineData(3, 5, LinkCloseReason.Oversized)]
    [InlineData(4, 0, null)]
    [InlineData(4, 1, LinkCloseReason.Oversized)]
    [InlineData(5, 1, LinkCloseReason.Malformed)]
    [InlineData(5, 3, LinkCloseReason.Oversized)]
    [InlineData(6, 7, LinkCloseReason.Malformed)]
    [InlineData(6, 9, LinkCloseReason.Oversized)]
    [InlineData(7, 0, LinkCloseReason.Malformed)]
    [InlineData(8, 0, LinkCloseReason.Malformed)]
    [InlineData(8, 3, LinkCloseReason.Oversized)]
    [InlineData(0, 0, LinkCloseReason.UnknownType)]
    [InlineData(9, 0, LinkCloseReason.UnknownType)]
    [InlineData(255, 65_535, LinkCloseReason.UnknownType)]
    public void A_length_is_accepted_within_the_limits_of_its_type_only(byte type, ushort length, LinkCloseReason? refusal) =>
        Assert.Equal(refusal, Refusal([(byte)length, (byte)(length >> 8), type, 0, (byte)(type < 6 ? 1 : 0), 0, 0, 0]));

    [Theory]
    [InlineData("open", 0x02)]
    [InlineData("open", 0x80)]
    [InlineData("data", 0x01)]
    [InlineData("end", 0x01)]
    [InlineData("ping", 0x01)]
    public void A_flag_that_the_type_does_not_name_is_refused(string name, byte flag)
    {
        var bytes = Typed(name);
        bytes[3] |= flag;
        Assert.Equal(LinkCloseReason.Malformed, Refusal(bytes));
    }

    [Fact]
    public void What_concerns_a_stream_names_one_and_what_concerns_the_link_does_not()
    {
        foreach (var name in Names)
        {
            var bytes = Typed(name);
            var isOfLink = name is "ping" or "pong" or "goaway";
            bytes.AsSpan(4, 4).Fill(isOfLink ? (byte)1 : (byte)0);
            Assert.Equal(LinkCloseReason.Malformed, Refusal(bytes));
        }
    }

    [Fact]
    public void A_part_of_a_header_consumes_nothing()
    {
        foreach (var typed in Names.Select(Typed))
        {
            for (var length = 0; length < FrameHeader.SizeBytes; length++)
            {
                var part = Pieces.OfOneByte(typed.AsSpan(0, length));
                Assert.False(FrameHeader.TryRead(part, out _, out var consumed));
                Assert.Equal(part.Start, consumed);
            }
        }
    }

    [Fact]
    public void Every_flipped_byte_is_read_within_limits_or_refused_with_a_reason()
    {
        foreach (var typed in Names.Select(Typed))
        {
            for (var at = 0; at < typed.Length; at++)
            {
                for (var mask = 1; mask < 256; mask++)
                {
                    var bytes = typed.ToArray();
                    bytes[at] ^= (byte)mask;
                    ReadWhole(bytes);
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_are_read_within_limits_or_refused_with_a_reason()
    {
        const int Seed = 7700;
        var random = new Random(Seed);
        var bytes = new byte[48];
        for (var round = 0; round < 200_000; round++)
        {
            random.NextBytes(bytes);

            // Most random types are unknown; these come further.
            bytes[2] = (byte)random.Next(0, 10);
            bytes[1] = 0;
            bytes[3] &= 1;
            ReadWhole(bytes);
        }
    }

    [Fact]
    public void Reading_and_writing_a_header_allocates_nothing()
    {
        var bytes = Typed("data");
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.True(FrameHeader.TryRead(buffer, out _, out _));
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var round = 0; round < 1000; round++)
            {
                FrameHeader.TryRead(buffer, out var header, out _);
                header.Write(bytes);
            }
        }));
    }

    private static byte[] Typed(string name) => Dimse.Vectors.Read("link-frames.txt", name);

    private static LinkCloseReason? Refusal(byte[] bytes)
    {
        try
        {
            FrameHeader.TryRead(new(bytes), out _, out _);
            return null;
        }
        catch (LinkViolationException violation)
        {
            return violation.Reason;
        }
    }

    // As a link reads: header, then payload by its type. Any other exception than a violation fails the test.
    private static void ReadWhole(byte[] bytes)
    {
        try
        {
            var buffer = new ReadOnlySequence<byte>(bytes);
            Assert.True(FrameHeader.TryRead(buffer, out var header, out var consumed));
            Assert.InRange(header.LengthBytes, 0, FrameHeader.LongestPayloadBytes);
            if (buffer.Slice(consumed).Length < header.LengthBytes)
            {
                return;
            }

            var payload = bytes.AsSpan(FrameHeader.SizeBytes, header.LengthBytes);
            switch (header.Type)
            {
                case FrameType.Open:
                    var open = OpenFrame.Read(payload);
                    Assert.InRange(open.CreditBytes, OpenFrame.LeastCreditBytes, FramePayloads.MostCreditBytes);
                    Assert.InRange(open.Protocol.Length, 1, OpenFrame.LongestProtocolBytes);
                    break;
                case FrameType.Credit:
                    Assert.InRange(FramePayloads.ReadCredit(payload), 1u, FramePayloads.MostCreditBytes);
                    break;
            }
        }
        catch (LinkViolationException violation)
        {
            Assert.True(Enum.IsDefined(violation.Reason));
        }
    }
}

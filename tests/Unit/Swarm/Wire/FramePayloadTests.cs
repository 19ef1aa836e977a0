using System.Buffers.Binary;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Wire;

public sealed class FramePayloadTests
{
    [Fact]
    public void Open_is_read_and_written_as_the_format_says()
    {
        var typed = Payload("open");
        var open = OpenFrame.Read(typed);
        Assert.Equal(new OpenFrame(262_144, "feed/1"), open);
        var written = new byte[open.LengthBytes];
        open.Write(written);
        Assert.Equal(typed, written);
    }

    [Theory]
    [InlineData(16_383, false)]
    [InlineData(16_384, true)]
    [InlineData(16_777_216, true)]
    [InlineData(16_777_217, false)]
    [InlineData(0, false)]
    [InlineData(uint.MaxValue, false)]
    public void Open_gives_a_credit_within_its_limits_only(uint credit, bool isAccepted)
    {
        var payload = Payload("open");
        BinaryPrimitives.WriteUInt32LittleEndian(payload, credit);
        if (isAccepted)
        {
            Assert.Equal(credit, OpenFrame.Read(payload).CreditBytes);
        }
        else
        {
            Assert.Equal(LinkCloseReason.Credit, Assert.Throws<LinkViolationException>(() => OpenFrame.Read(payload)).Reason);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(' ')]
    [InlineData(127)]
    [InlineData(255)]
    public void Open_names_a_protocol_in_printable_ASCII_only(byte character)
    {
        var payload = Payload("open");
        payload[^1] = character;
        Assert.Equal(LinkCloseReason.Malformed, Assert.Throws<LinkViolationException>(() => OpenFrame.Read(payload)).Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(37)]
    public void Open_of_another_length_is_refused_even_without_a_header(int length) =>
        Assert.Equal(LinkCloseReason.Malformed, Assert.Throws<LinkViolationException>(() => OpenFrame.Read(new byte[length])).Reason);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(16_777_216, true)]
    [InlineData(16_777_217, false)]
    [InlineData(uint.MaxValue, false)]
    public void Credit_is_within_its_limits_only(uint credit, bool isAccepted)
    {
        var payload = new byte[FramePayloads.CreditBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, credit);
        if (isAccepted)
        {
            Assert.Equal(credit, FramePayloads.ReadCredit(payload));
        }
        else
        {
            Assert.Equal(LinkCloseReason.Credit, Assert.Throws<LinkViolationException>(() => FramePayloads.ReadCredit(payload)).Reason);
        }
    }

    [Fact]
    public void Numbers_are_read_as_the_format_says()
    {
        Assert.Equal(32_768u, FramePayloads.ReadCredit(Payload("credit")));
        Assert.Equal(LinkCloseReason.GivenUp, FramePayloads.ReadReason(Payload("abort")));
        Assert.Equal(LinkCloseReason.Revoked, FramePayloads.ReadReason(Payload("goaway")));
        Assert.Equal(0x0102030405060708ul, FramePayloads.ReadPing(Payload("ping")));
        Assert.Equal(0x0102030405060708ul, FramePayloads.ReadPing(Payload("pong")));
    }

    [Fact]
    public void A_reason_that_we_do_not_know_is_kept() =>
        Assert.Equal(0xABCD, (ushort)FramePayloads.ReadReason([0xCD, 0xAB]));

    [Fact]
    public void Numbers_on_the_wire_never_change()
    {
        Assert.Equal(
            "Stopping=0 Malformed=1 Oversized=2 Version=3 UnknownType=4 Stranger=5 Revoked=6 Downgrade=7 TooSlow=8 Silent=9 Duplicate=10 "
            + "Replaced=11 Credit=12 Stream=13 NotServed=14 GivenUp=15 Quota=16 Failed=17 Tunnel=18",
            string.Join(' ', Enum.GetValues<LinkCloseReason>().Select(r => $"{r}={(ushort)r}")));
        Assert.Equal("Interactive=0 Bulk=1", string.Join(' ', Enum.GetValues<LinkPriority>().Select(p => $"{p}={(byte)p}")));
    }

    private static byte[] Payload(string name) => Dimse.Vectors.Read("link-frames.txt", name)[FrameHeader.SizeBytes..];
}

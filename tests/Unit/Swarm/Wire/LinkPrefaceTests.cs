using System.Buffers;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Wire;

public sealed class LinkPrefaceTests
{
    private static byte[] Typed => Dimse.Vectors.Read("link-frames.txt", "preface");

    [Fact]
    public void The_preface_is_read_and_written_as_the_format_says()
    {
        var written = new byte[LinkPreface.SizeBytes];
        LinkPreface.Ours.Write(written);
        Assert.Equal(Typed, written);
        var buffer = new ReadOnlySequence<byte>(Typed);
        Assert.True(LinkPreface.TryRead(buffer, out var preface, out var consumed));
        Assert.Equal(new LinkPreface(1, 1), preface);
        Assert.Equal(buffer.End, consumed);
    }

    [Fact]
    public void What_a_later_version_reserves_is_not_refused()
    {
        Assert.True(LinkPreface.TryRead(Pieces.OfOneByte(Dimse.Vectors.Read("link-frames.txt", "preface-later")), out var preface, out _));
        Assert.Equal(new LinkPreface(2, 261), preface);
    }

    [Fact]
    public void A_part_of_a_preface_consumes_nothing()
    {
        for (var length = 0; length < LinkPreface.SizeBytes; length++)
        {
            var part = Pieces.OfOneByte(Typed.AsSpan(0, length));
            Assert.False(LinkPreface.TryRead(part, out _, out var consumed));
            Assert.Equal(part.Start, consumed);
        }
    }

    [Fact]
    public void A_stranger_is_refused_at_its_first_wrong_byte()
    {
        for (var length = 1; length <= 8; length++)
        {
            var bytes = Typed[..length];
            bytes[^1] ^= 0x20;
            var failure = Assert.Throws<LinkViolationException>(() => LinkPreface.TryRead(new(bytes), out _, out _));
            Assert.Equal(LinkCloseReason.Malformed, failure.Reason);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    public void Versions_that_are_no_range_are_refused(ushort oldest, ushort newest)
    {
        var bytes = new byte[LinkPreface.SizeBytes];
        new LinkPreface(oldest, newest).Write(bytes);
        var failure = Assert.Throws<LinkViolationException>(() => LinkPreface.TryRead(new(bytes), out _, out _));
        Assert.Equal(LinkCloseReason.Malformed, failure.Reason);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(1, 3, 2, 5, 3)]
    [InlineData(1, 2, 2, 9, 2)]
    [InlineData(1, 9, 3, 4, 4)]
    public void Both_sides_agree_on_the_newest_version_in_common(ushort oldest, ushort newest, ushort otherOldest, ushort otherNewest, ushort agreed)
    {
        var (one, other) = (new LinkPreface(oldest, newest), new LinkPreface(otherOldest, otherNewest));
        Assert.Equal(agreed, one.Agree(other));
        Assert.Equal(agreed, other.Agree(one));
    }

    [Fact]
    public void Both_sides_see_that_they_have_no_version_in_common()
    {
        var (one, other) = (new LinkPreface(1, 2), new LinkPreface(3, 4));
        Assert.Equal(LinkCloseReason.Version, Assert.Throws<LinkViolationException>(() => one.Agree(other)).Reason);
        Assert.Equal(LinkCloseReason.Version, Assert.Throws<LinkViolationException>(() => other.Agree(one)).Reason);
    }
}

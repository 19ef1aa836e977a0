using System.Buffers;
using System.IO.Pipelines;
using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Federation.Feed;
using Panal.Unit.Catalogue.Replication;

namespace Panal.Unit.Federation.Feed;

public sealed class FeedMessagesTests
{
    private static readonly FeedCursor Cursor = new(new Guid("01234567-89ab-4def-8123-456789abcdef"), 5, 7, -3, 11, null);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_hello_is_written_as_the_page_says()
    {
        var bytes = new ArrayBufferWriter<byte>();
        FeedMessages.WriteOpening(bytes, FeedFrameKind.Hello, FeedMode.Snapshot, Cursor with { SnapshotAfter = 2 });

        // Typed by hand from docs/formats/feed.md.
        Assert.Equal(
            "3A000000" + "01" + "01" + "0123456789AB4DEF8123456789ABCDEF" + "0500000000000000" + "0700000000000000" + "FDFFFFFFFFFFFFFF" + "0B00000000000000" + "0200000000000000",
            Convert.ToHexString(bytes.WrittenSpan));
        Assert.Equal((FeedMode.Snapshot, Cursor with { SnapshotAfter = 2 }), FeedMessages.ReadOpening(bytes.WrittenSpan[FeedFrame.HeaderBytes..]));
    }

    [Fact]
    public void A_step_comes_back()
    {
        FeedStep step = FeedMessages.ReadStep(Content(Step()), new StateMemory());

        Assert.Equal((Cursor, true, 2), (step.Cursor, step.IsFreshSnapshot, step.State.InstanceCount));
        Assert.Equal(Step().Head, step.Head);
    }

    [Fact]
    public void A_step_told_by_what_it_has_beyond_the_one_before_comes_back_and_stands_as_the_page_says()
    {
        var bytes = new ArrayBufferWriter<byte>();
        FeedStep step = Step();
        Assert.Equal(FeedMessages.WriteNext(bytes, step, Cursor with { Sequence = 2, Seen = 4, Mark = 8 }, new StateEncoder()), bytes.WrittenCount);
        ReadOnlyMemory<byte> content = bytes.WrittenMemory[FeedFrame.HeaderBytes..];

        // Typed by hand from docs/formats/feed.md: kind 5; 3 beyond sequence 2, seen 2 beyond 5, mark -3, head 9, at 1,790,000,000,123 ms.
        Assert.Equal("05" + "03" + "02" + "FDFFFFFFFFFFFFFF" + "09" + "FBD8C1A28C34", Convert.ToHexString(bytes.WrittenSpan[4..22]));
        FeedStep read = FeedMessages.ReadNext(content, Cursor with { Sequence = 2, Seen = 4, Mark = 8 }, new StateMemory());
        Assert.Equal((Cursor, step.Head, false, 2), (read.Cursor, read.Head, read.IsFreshSnapshot, read.State.InstanceCount));
        for (int length = 0; length < content.Length; length++)
        {
            Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadNext(content[..length], Cursor, new StateMemory()));
        }

        // Beyond what a sequence can be.
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadNext(content, Cursor with { Sequence = long.MaxValue - 2, Seen = long.MaxValue }, new StateMemory()));
    }

    [Fact]
    public void A_step_that_is_cut_or_flipped_is_refused_or_another_step_and_never_faults()
    {
        byte[] content = Content(Step());
        for (int length = 0; length < content.Length; length++)
        {
            Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadStep(content.AsMemory(0, length), new StateMemory()));
        }

        int refused = 0;
        for (int position = 0; position < content.Length; position++)
        {
            foreach (byte pattern in (byte[])[0x01, 0x80, 0xFF])
            {
                var flipped = (byte[])content.Clone();
                flipped[position] ^= pattern;
                try
                {
                    FeedMessages.ReadStep(flipped, new StateMemory());
                }
                catch (FeedProtocolException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, 1, (content.Length * 3) - 1);
    }

    [Fact]
    public void Openings_and_heads_of_another_length_or_range_are_refused()
    {
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadOpening(new byte[FeedMessages.CursorBytes]));
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadOpening(new byte[FeedMessages.CursorBytes + 2]));
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadOpening([9, .. new byte[FeedMessages.CursorBytes]]));
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadHead(new byte[15]));
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadHead([.. new byte[8], .. BitConverter.GetBytes(long.MaxValue)]));
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadHead([.. BitConverter.GetBytes(-1L), .. new byte[8]]));
    }

    [Fact]
    public void Columns_that_grow_beyond_what_was_announced_are_refused()
    {
        byte[] content = Content(Step());
        // The length of the columns stands behind cursor, flags and head.
        int at = FeedMessages.CursorBytes + 17;
        content[at] ^= 1;
        Assert.Throws<FeedProtocolException>(() => FeedMessages.ReadStep(content, new StateMemory()));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(101u)]
    [InlineData(uint.MaxValue)]
    public void A_frame_that_is_empty_or_too_long_is_refused_by_its_header(uint length) =>
        Assert.Throws<FeedProtocolException>(() =>
            FeedFrame.TryReadHeader(new ReadOnlySequence<byte>([.. BitConverter.GetBytes(length), 1]), 100, out _, out _));

    [Fact]
    public void A_header_is_read_when_it_is_whole_and_of_a_known_kind()
    {
        byte[] header = [100, 0, 0, 0, 3];
        Assert.False(FeedFrame.TryReadHeader(new ReadOnlySequence<byte>(header, 0, 4), 100, out _, out _));
        Assert.True(FeedFrame.TryReadHeader(new ReadOnlySequence<byte>(header), 100, out FeedFrameKind kind, out int length));
        Assert.Equal((FeedFrameKind.Step, 99), (kind, length));
        header[4] = 6;
        Assert.Throws<FeedProtocolException>(() => FeedFrame.TryReadHeader(new ReadOnlySequence<byte>(header), 100, out _, out _));
    }

    [Fact]
    public async Task A_stream_that_ends_inside_a_frame_is_a_violation_and_between_frames_is_not()
    {
        var frame = new ArrayBufferWriter<byte>();
        FeedMessages.WriteHead(frame, Step().Head);
        for (int length = 0; length <= frame.WrittenCount; length++)
        {
            PipeReader reader = PipeReader.Create(new ReadOnlySequence<byte>(frame.WrittenMemory[..length]));
            if (length == 0)
            {
                Assert.Null(await FeedFrame.ReadAsync(reader, 100, Ct));
            }
            else if (length < frame.WrittenCount)
            {
                await Assert.ThrowsAsync<FeedProtocolException>(() => FeedFrame.ReadAsync(reader, 100, Ct).AsTask());
            }
            else
            {
                Assert.Equal(FeedFrameKind.Head, (await FeedFrame.ReadAsync(reader, 100, Ct))!.Value.Kind);
            }
        }
    }

    internal static FeedStep Step() => new(
        StateCodecTests.State("1.2", "Doe^Jane", "1.2.1.1", "1.2.1.2"), Cursor, new FeedHead(9, DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123)), true);

    private static byte[] Content(FeedStep step)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Assert.Equal(FeedMessages.WriteStep(bytes, step, new StateEncoder()), bytes.WrittenCount);
        return bytes.WrittenSpan[FeedFrame.HeaderBytes..].ToArray();
    }
}

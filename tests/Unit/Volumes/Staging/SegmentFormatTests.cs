using Microsoft.Extensions.Logging.Abstractions;
using Panal.Unit.Volumes.Files;
using Panal.Volumes;
using Panal.Volumes.Staging;

namespace Panal.Unit.Volumes.Staging;

public sealed class SegmentFormatTests
{
    private static readonly Frame Sample = new(
        FrameKind.Object, 0x1122334455667788, 7, 5, 5, 9, 4, 0, 1, ContentHash.Of("panal"u8), 0xDEADBEEF);

    [Fact]
    public void Persisted_numbers_never_change()
    {
        Assert.Equal(1, (int)FrameKind.Object);
        Assert.Equal(2, (int)FrameKind.LargeObject);
        Assert.Equal(2, Enum.GetValues<FrameKind>().Length);
        Assert.Equal(1u, (uint)SegmentState.Open);
        Assert.Equal(2u, (uint)SegmentState.Released);
        Assert.Equal(2, Enum.GetValues<SegmentState>().Length);
        Assert.Equal(0x534C4E50u, SegmentFormat.SegmentMagic);
        Assert.Equal(0x464C4E50u, SegmentFormat.FrameMagic);
        Assert.Equal(0x44494F56u, SegmentFormat.VoidMark);
        Assert.Equal(508, SegmentFormat.VoidMarkOffset);
        Assert.Equal(4096, SegmentFormat.PageBytes);
        Assert.Equal(1u, SegmentFormat.Version);
        Assert.Equal(65_536, ContentHash.BlockBytes);
    }

    [Fact]
    public void The_checksum_is_CRC_32C_and_can_be_continued()
    {
        Assert.Equal(0xE3069283u, SegmentFormat.Checksum(0, "123456789"u8));
        Assert.Equal(0xE3069283u, SegmentFormat.Checksum(SegmentFormat.Checksum(0, "123"u8), "456789"u8));
    }

    [Fact]
    public void A_header_and_a_frame_come_back_as_they_were()
    {
        var page = new byte[SegmentFormat.PageBytes];
        var header = new SegmentHeader(42, SegmentState.Open, 1 << 20);
        SegmentFormat.WriteHeader(page, header);
        Assert.True(SegmentFormat.TryReadHeader(page, out var readHeader));
        Assert.Equal(header, readHeader);
        SegmentFormat.WriteFrame(page, Sample);
        Assert.True(SegmentFormat.TryReadFrame(page, out var readFrame, out var isVoid));
        Assert.Equal(Sample, readFrame);
        Assert.False(isVoid);
    }

    [Fact]
    public void Every_flipped_byte_and_every_truncation_of_header_and_frame_is_noticed()
    {
        var header = new byte[SegmentFormat.PageBytes];
        SegmentFormat.WriteHeader(header, new(42, SegmentState.Open, 1 << 20));
        var frame = new byte[SegmentFormat.PageBytes];
        SegmentFormat.WriteFrame(frame, Sample);
        for (var index = 0; index < 36; index++)
        {
            header[index] ^= 0x10;
            Assert.False(SegmentFormat.TryReadHeader(header, out _), $"header byte {index}");
            header[index] ^= 0x10;
        }

        for (var index = 0; index < 112; index++)
        {
            frame[index] ^= 0x10;
            Assert.False(SegmentFormat.TryReadFrame(frame, out _, out _), $"frame byte {index}");
            frame[index] ^= 0x10;
        }

        for (var length = 0; length < SegmentFormat.PageBytes; length++)
        {
            Assert.False(SegmentFormat.TryReadHeader(header.AsSpan(0, length), out _));
            Assert.False(SegmentFormat.TryReadFrame(frame.AsSpan(0, length), out _, out _));
        }
    }

    [Theory]
    [InlineData(0, 0, 5, 5, false)]
    [InlineData(1, 0, 5, 5, true)]
    [InlineData(SafePath.PathLimitBytes, SegmentFormat.NoteLimitBytes, 5, 5, true)]
    [InlineData(SafePath.PathLimitBytes + 1, 0, 5, 5, false)]
    [InlineData(1, SegmentFormat.NoteLimitBytes + 1, 5, 5, false)]
    [InlineData(1, -1, 5, 5, false)]
    [InlineData(1, 0, -1, -1, false)]
    [InlineData(1, 0, 5, 4, false)]
    [InlineData(int.MaxValue, int.MaxValue, long.MaxValue, long.MaxValue, false)]
    public void Lengths_in_a_frame_are_checked_against_their_limits(int path, int note, long length, long staged, bool isGood)
    {
        var page = new byte[SegmentFormat.PageBytes];
        SegmentFormat.WriteFrame(page, Sample with { PathBytes = path, NoteBytes = note, LengthBytes = length, StagedBytes = staged });
        Assert.Equal(isGood, SegmentFormat.TryReadFrame(page, out _, out _));
    }

    /// <summary>A golden file that only grows: "offset: hex" lines typed after the format page, zeros elsewhere.</summary>
    private static byte[] Golden(string name)
    {
        var content = new byte[CrashHistory.Options.SegmentBytes];
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "tests/vectors", name)))
        {
            var text = line.Split('#')[0].Trim();
            if (text.Length > 0)
            {
                var parts = text.Split(':', 2);
                Convert.FromHexString(parts[1].Replace(" ", string.Empty)).CopyTo(content, Convert.ToInt32(parts[0], 16));
            }
        }

        return content;
    }

    private static async Task<(VolumeStore Store, List<RecoveredObject> Replayed)> OpenGoldenAsync(byte[] content, FaultyDisk disk)
    {
        disk.CreateDirectory("/data/staging");
        using (var file = disk.Create("/data/staging/segment-0001"))
        {
            file.Write(content, default, 0);
        }

        var replayed = new List<RecoveredObject>();
        var store = await VolumeStore.OpenAsync(
            CrashHistory.Options,
            recovered => replayed.AddRange(recovered),
            disk, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        store.Barrier = static _ => ValueTask.CompletedTask;
        return (store, replayed);
    }

    [Fact]
    public async Task The_golden_segment_is_read_as_its_legend_says()
    {
        var disk = new FaultyDisk();
        var (store, replayed) = await OpenGoldenAsync(Golden("staging-segment-1.txt"), disk);
        Assert.Equal(["A/FIRST", "A/THIRD"], replayed.Select(recovered => recovered.Path));
        Assert.Equal("note 1", System.Text.Encoding.UTF8.GetString(replayed[0].Note.Span));
        Assert.Equal(new VolumeId(2), replayed[1].Volume);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal("panal"u8.ToArray(), disk.Content("/v1/A/FIRST"));
        Assert.Equal([], disk.Content("/v2/A/THIRD"));
        Assert.Equal(0, store.Staging.StagedObjects);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_damaged_segment_never_gives_more_or_other_than_the_whole_one()
    {
        var golden = Golden("staging-segment-1.txt");
        var random = new Random(3);
        foreach (var index in Enumerable.Range(0, 112).Select(offset => random.Next(4) * 4096 + offset * (offset < 56 ? 1 : 2)))
        {
            var damaged = (byte[])golden.Clone();
            damaged[index] ^= (byte)(1 << random.Next(8));
            var (store, replayed) = await OpenGoldenAsync(damaged, new FaultyDisk());
            Assert.True(replayed.TrueForAll(recovered => recovered.Path is "A/FIRST" or "A/SECOND" or "A/THIRD"));
            await store.DisposeAsync();
        }
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Panal.Swarm;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Exchange;
using Panal.Volumes;

namespace Panal.Unit.Swarm.Transfers.Exchange;

public sealed class TransferMessagesTests
{
    private static readonly BlockMap Map = new([
        new TransferObject(ContentHash.Of([1]), 65_536 * 2 + 5, true),
        new TransferObject(ContentHash.Of([]), 0, false),
        new TransferObject(ContentHash.Of([2]), 7, false)]);

    [Fact]
    public void A_begin_has_the_bytes_of_the_page()
    {
        var output = new ArrayBufferWriter<byte>();
        TransferMessages.WriteOpening(output, new TransferScope("1.2.3"), 100_000, new BlockMap([new TransferObject(ContentHash.Of([]), 0, false)]));
        // length 19 · kind 1 · length 5 · "1.2.3" · 100,000 · one object; then length 41 · kind 2 · SHA-256 of nothing (FIPS 180-4) · length 0.
        Assert.Equal(
            "13000000" + "01" + "05" + "312E322E33" + "A086010000000000" + "01000000"
            + "29000000" + "02" + "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855" + "0000000000000000",
            Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void Runs_have_the_bytes_of_the_page()
    {
        var output = new ArrayBufferWriter<byte>();
        BlockRun.Write(output, TransferFrameKind.Request, [7, 8, 9, 3, 5]);
        Assert.Equal("13000000" + "03" + "070000000300" + "030000000100" + "050000000100", Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var output = new ArrayBufferWriter<byte>();
        TransferMessages.WriteOpening(output, new TransferScope("1.2.3"), 100_000, Map);
        TransferMessages.WriteUplink(output, 12_345);
        NodeId[] peers = [NodeId.New(), NodeId.New()];
        TransferMessages.WritePeers(output, peers);
        BlockRun.Write(output, TransferFrameKind.Claim, [0, 1, 3]);
        TransferMessages.BeginBlock(output, 4, 64, 7, out _, out var frameBytes).Fill(9);
        output.Advance(frameBytes);

        var frames = Frames(output.WrittenMemory);
        Assert.Equal(
            [TransferFrameKind.Begin, TransferFrameKind.Objects, TransferFrameKind.Uplink, TransferFrameKind.Peers, TransferFrameKind.Claim, TransferFrameKind.Block],
            frames.Select(frame => frame.Kind));
        Assert.Equal(new TransferBegin(new TransferScope("1.2.3"), 100_000, 3), TransferMessages.ReadBegin(frames[0].Content));
        var objects = new List<TransferObject>();
        TransferMessages.ReadObjects(frames[1].Content, objects, 3);
        Assert.Equal(Map.Objects.ToArray().Select(o => (o.Hash, o.LengthBytes)), objects.Select(o => (o.Hash, o.LengthBytes)));
        Assert.Equal(12_345, TransferMessages.ReadUplink(frames[2].Content));
        Assert.Equal(peers, TransferMessages.ReadPeers(frames[3].Content));
        Assert.Equal([new BlockRun(0, 2), new BlockRun(3, 1)], BlockRun.Read(frames[4].Content, 5));
        var block = TransferMessages.ReadBlock(frames[5].Content, Map);
        Assert.Equal((4, 64, "09090909090909"), (block.Block, (int)block.Proof.Length, Convert.ToHexString(block.Bytes.ToArray())));
    }

    [Fact]
    public void Ten_thousand_objects_go_in_frames_of_a_thousand()
    {
        var map = new BlockMap([.. Enumerable.Range(0, 10_000).Select(i => new TransferObject(ContentHash.Of(BitConverter.GetBytes(i)), i, false))]);
        var output = new ArrayBufferWriter<byte>();
        TransferMessages.WriteOpening(output, new TransferScope("x"), 1, map);
        var objects = new List<TransferObject>();
        foreach (var (_, content) in Frames(output.WrittenMemory).Skip(1))
        {
            TransferMessages.ReadObjects(content, objects, 10_000);
        }

        Assert.Equal(map.Objects.ToArray(), objects);
    }

    [Fact]
    public void Runs_longer_than_a_count_and_more_than_a_frame_go_in_several()
    {
        int[] blocks = [.. Enumerable.Range(0, 70_000), .. Enumerable.Range(0, 5_000).Select(i => 100_000 + 2 * i)];
        var output = new ArrayBufferWriter<byte>();
        BlockRun.Write(output, TransferFrameKind.Have, blocks);
        var frames = Frames(output.WrittenMemory);
        Assert.Equal(2, frames.Count);
        Assert.Equal(blocks, frames.SelectMany(frame => BlockRun.Read(frame.Content, 200_000)).SelectMany(run => Enumerable.Range(run.First, run.Count)));
    }

    [Fact]
    public void A_cut_stream_gives_no_frame_at_any_byte_and_consumes_nothing()
    {
        var bytes = Everything();
        for (var length = 0; length < bytes.Length; length++)
        {
            var whole = Frames(bytes.AsMemory(0, length)).Sum(frame => (int)frame.Content.Length + TransferFrame.HeaderBytes);
            Assert.True(whole <= length);
            Assert.False(TransferFrame.TryRead(new ReadOnlySequence<byte>(bytes, whole, length - whole), TransferFrame.LimitBytes, out _, out _));
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(TransferFrame.LimitBytes + 1u)]
    [InlineData(uint.MaxValue)]
    public void A_frame_of_an_impossible_length_ends_the_stream_before_its_content_has_come(uint length)
    {
        var bytes = new byte[TransferFrame.HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        bytes[4] = (byte)TransferFrameKind.Have;
        Assert.Throws<TransferViolationException>(() => TransferFrame.TryRead(new ReadOnlySequence<byte>(bytes), TransferFrame.LimitBytes, out _, out _));
    }

    [Fact]
    public void The_longest_frame_is_accepted()
    {
        var bytes = new byte[TransferFrame.LimitBytes + 4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, TransferFrame.LimitBytes);
        bytes[4] = (byte)TransferFrameKind.Block;
        Assert.True(TransferFrame.TryRead(new ReadOnlySequence<byte>(bytes), TransferFrame.LimitBytes, out _, out var content));
        Assert.Equal(TransferFrame.LimitBytes - 1, content.Length);
    }

    [Fact]
    public void Each_flipped_byte_is_read_as_something_or_refused_but_nothing_else()
    {
        var bytes = Everything();
        var refused = 0;
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var flip in (byte[])[0x01, 0x80, 0xFF])
            {
                var broken = bytes.ToArray();
                broken[at] ^= flip;
                try
                {
                    foreach (var (kind, content) in Frames(broken))
                    {
                        ReadAny(kind, content);
                    }
                }
                catch (TransferViolationException)
                {
                    refused++;
                }
            }
        }

        Assert.True(refused > bytes.Length / 2, $"{refused} of {bytes.Length * 3} were refused");
    }

    [Theory]
    [InlineData((byte)TransferFrameKind.Request, "")]
    [InlineData((byte)TransferFrameKind.Request, "0000000000")]
    [InlineData((byte)TransferFrameKind.Request, "000000000000")]
    [InlineData((byte)TransferFrameKind.Have, "050000000100")]
    [InlineData((byte)TransferFrameKind.Have, "000000000600")]
    [InlineData((byte)TransferFrameKind.Have, "FFFFFFFFFFFF")]
    [InlineData((byte)TransferFrameKind.Uplink, "00000000000000")]
    [InlineData((byte)TransferFrameKind.Uplink, "000000000000000000")]
    [InlineData((byte)TransferFrameKind.Peers, "")]
    [InlineData((byte)TransferFrameKind.Peers, "00")]
    [InlineData((byte)TransferFrameKind.Begin, "00" + "0100000000000000" + "01000000")]
    [InlineData((byte)TransferFrameKind.Begin, "0120" + "0100000000000000" + "01000000")]
    [InlineData((byte)TransferFrameKind.Begin, "0131" + "0100000000000000" + "00000000")]
    [InlineData((byte)TransferFrameKind.Begin, "0131" + "0100000000000000" + "01001000")]
    [InlineData((byte)TransferFrameKind.Begin, "0231" + "0100000000000000" + "01000000")]
    [InlineData((byte)TransferFrameKind.Block, "00000000")]
    [InlineData((byte)TransferFrameKind.Block, "05000000" + "00")]
    [InlineData((byte)TransferFrameKind.Block, "04000000" + "00" + "010203040506")]
    [InlineData((byte)TransferFrameKind.Block, "04000000" + "00" + "0102030405060708")]
    [InlineData((byte)TransferFrameKind.Block, "03000000" + "17")]
    public void A_broken_layout_ends_the_stream(byte kind, string content) =>
        Assert.Throws<TransferViolationException>(() => ReadAny((TransferFrameKind)kind, new ReadOnlySequence<byte>(Convert.FromHexString(content))));

    [Fact]
    public void More_objects_than_announced_or_one_longer_than_any_end_the_stream()
    {
        Assert.Throws<TransferViolationException>(() => TransferMessages.ReadObjects(new ReadOnlySequence<byte>(new byte[80]), [], 1));
        var endless = new byte[40];
        endless.AsSpan(32).Fill(0xFF);
        Assert.Throws<TransferViolationException>(() => TransferMessages.ReadObjects(new ReadOnlySequence<byte>(endless), [], 1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 2")]
    [InlineData("ñ")]
    public void A_scope_is_printable_ASCII(string name) => Assert.Throws<ArgumentException>(() => new TransferScope(name));

    [Fact]
    public void A_scope_has_at_most_128_characters_and_does_not_print_itself()
    {
        Assert.Equal("[redacted]", new TransferScope(new string('1', 128)).ToString());
        Assert.Throws<ArgumentException>(() => new TransferScope(new string('1', 129)));
        Assert.False(TransferScope.TryRead(Encoding.ASCII.GetBytes("a\n"), out _));
    }

    [Fact]
    public void Numbers_of_kinds_never_change() => Assert.Equal(
        ["Begin", "Objects", "Request", "Urgent", "Cancel", "Have", "Claim", "Release", "Refuse", "HaveAll", "Uplink", "Block", "Peers"],
        Enumerable.Range(1, 13).Select(number => Enum.GetName((TransferFrameKind)number)));

    private static byte[] Everything()
    {
        var output = new ArrayBufferWriter<byte>();
        TransferMessages.WriteOpening(output, new TransferScope("1.2.3"), 100_000, Map);
        TransferMessages.WriteHaveAll(output);
        TransferMessages.WriteUplink(output, 12_345);
        TransferMessages.WritePeers(output, [new NodeId(Guid.Empty)]);
        for (var kind = TransferFrameKind.Request; kind <= TransferFrameKind.Refuse; kind++)
        {
            BlockRun.Write(output, kind, [0, 1, 3]);
        }

        TransferMessages.BeginBlock(output, 4, 64, 7, out _, out var frameBytes).Fill(9);
        output.Advance(frameBytes);
        return output.WrittenSpan.ToArray();
    }

    private static List<(TransferFrameKind Kind, ReadOnlySequence<byte> Content)> Frames(ReadOnlyMemory<byte> bytes)
    {
        var frames = new List<(TransferFrameKind Kind, ReadOnlySequence<byte> Content)>();
        var rest = new ReadOnlySequence<byte>(bytes);
        while (TransferFrame.TryRead(rest, TransferFrame.LimitBytes, out var kind, out var content))
        {
            frames.Add((kind, content));
            rest = rest.Slice(content.End);
        }

        return frames;
    }

    private static void ReadAny(TransferFrameKind kind, ReadOnlySequence<byte> content)
    {
        switch (kind)
        {
            case TransferFrameKind.Begin:
                TransferMessages.ReadBegin(content);
                break;
            case TransferFrameKind.Objects:
                TransferMessages.ReadObjects(content, [], 3);
                break;
            case TransferFrameKind.Uplink:
                TransferMessages.ReadUplink(content);
                break;
            case TransferFrameKind.Peers:
                TransferMessages.ReadPeers(content);
                break;
            case TransferFrameKind.Block:
                TransferMessages.ReadBlock(content, Map);
                break;
            case TransferFrameKind.HaveAll:
                break;
            default:
                BlockRun.Read(content, 5);
                break;
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Panal.Federation.Placement;
using Panal.Unit.Architecture;
using Panal.Volumes;

namespace Panal.Unit.Federation.Placement;

public sealed class PlacementMessagesTests
{
    private static readonly AskedContent[] Two = [new(ContentHash.Of([1]), 1), new(ContentHash.Of([2, 3]), long.MaxValue)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read()
    {
        var output = new ArrayBufferWriter<byte>();
        PlacementMessages.WriteConfirm(output, "1.2.3", Two);
        PlacementMessages.WriteConfirmed(output, keeps: true, [true, false]);
        PlacementMessages.WriteFetch(output, "1.2.3", pins: true);
        PlacementMessages.WriteAccepted(output, PlacementAnswer.Full);
        PlacementMessages.WriteReplicate(output, "1.2.3");
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(output.WrittenMemory));
        var (kind, content) = (await PlacementMessages.ReadAsync(pipe, Token))!.Value;
        var (study, asked) = PlacementMessages.ReadConfirm(content.Span);
        Assert.Equal((PlacementFrameKind.Confirm, "1.2.3"), (kind, study));
        Assert.Equal(Two, asked);
        (kind, content) = (await PlacementMessages.ReadAsync(pipe, Token))!.Value;
        var (keeps, isThere) = PlacementMessages.ReadConfirmed(content.Span, 2);
        Assert.Equal((PlacementFrameKind.Confirmed, true), (kind, keeps));
        Assert.Equal([true, false], isThere);
        (kind, content) = (await PlacementMessages.ReadAsync(pipe, Token))!.Value;
        Assert.Equal((PlacementFrameKind.Fetch, ("1.2.3", true)), (kind, PlacementMessages.ReadFetch(content.Span)));
        (kind, content) = (await PlacementMessages.ReadAsync(pipe, Token))!.Value;
        Assert.Equal((PlacementFrameKind.Accepted, PlacementAnswer.Full), (kind, PlacementMessages.ReadAccepted(content.Span)));
        (kind, content) = (await PlacementMessages.ReadAsync(pipe, Token))!.Value;
        Assert.Equal((PlacementFrameKind.Replicate, "1.2.3"), (kind, PlacementMessages.ReadReplicate(content.Span)));
        Assert.Null(await PlacementMessages.ReadAsync(pipe, Token));
    }

    [Fact]
    public void The_bytes_are_those_of_the_vectors()
    {
        var vectors = RepositoryFiles.Read("tests/vectors/placement/frames.txt").Split('\n')
            .Where(static line => line.Length > 0 && line[0] != '#').ToDictionary(static line => line.Split(' ')[0], static line => line.Split(' ')[1]);
        Assert.Equal(vectors["confirm"], Written(static output => PlacementMessages.WriteConfirm(output, "1.2.3", [new AskedContent(new ContentHash(Enumerable.Range(0, 32).Select(static i => (byte)i).ToArray()), 258)])));
        Assert.Equal(vectors["confirmed"], Written(static output => PlacementMessages.WriteConfirmed(output, keeps: true, [true, false])));
        Assert.Equal(vectors["fetch"], Written(static output => PlacementMessages.WriteFetch(output, "1.2.3", pins: true)));
        Assert.Equal(vectors["replicate"], Written(static output => PlacementMessages.WriteReplicate(output, "1.2.3")));
        Assert.Equal(vectors["accepted"], Written(static output => PlacementMessages.WriteAccepted(output, PlacementAnswer.Refused)));
    }

    [Fact]
    public void Contents_that_are_cut_or_too_long_or_of_wrong_values_are_refused()
    {
        var confirm = Content(static output => PlacementMessages.WriteConfirm(output, "1.2.3", Two));
        var fetch = Content(static output => PlacementMessages.WriteFetch(output, "1.2.3", pins: false));
        Assert.All(Enumerable.Range(0, confirm.Length).Except([1 + 5 + 40]), length => Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadConfirm(confirm.AsSpan(0, length))));
        Assert.All(Enumerable.Range(0, 2), length => Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadFetch(fetch.AsSpan(0, length))));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadFetch([.. fetch, 0]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadFetch([2, .. fetch[1..]]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadFetch([0, 5, .. "1..23"u8]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadFetch([0, 65, .. Enumerable.Repeat((byte)'1', 65)]));
        var replicate = Content(static output => PlacementMessages.WriteReplicate(output, "1.2.3"));
        Assert.All(Enumerable.Range(0, replicate.Length), length => Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadReplicate(replicate.AsSpan(0, length))));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadReplicate([.. replicate, 0]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadReplicate([65, .. Enumerable.Repeat((byte)'1', 65)]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadConfirmed([1, 1], 2));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadConfirmed([1, 2], 1));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadConfirmed([2, 1], 1));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadAccepted([]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadAccepted([5]));
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadAccepted([0, 0]));
        var most = new AskedContent[PlacementMessages.MaxContents];
        Assert.Equal(most.Length, PlacementMessages.ReadConfirm(Content(output => PlacementMessages.WriteConfirm(output, new string('1', 64), most))).Asked.Length);
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.ReadConfirm(Content(static output => PlacementMessages.WriteConfirm(output, "1.2", new AskedContent[PlacementMessages.MaxContents + 1]))));
    }

    [Fact]
    public void A_flipped_byte_is_refused_or_read_as_something_well_formed()
    {
        byte[][] contents =
        [
            Content(static output => PlacementMessages.WriteConfirm(output, "1.2.3", Two)), Content(static output => PlacementMessages.WriteConfirmed(output, true, [true, false])),
            Content(static output => PlacementMessages.WriteFetch(output, "1.2.3", true)), Content(static output => PlacementMessages.WriteAccepted(output, PlacementAnswer.Held)),
        ];
        var read = 0;
        foreach (var content in contents)
        {
            for (var bit = 0; bit < content.Length * 8; bit++)
            {
                var flipped = content.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                foreach (Action parse in (Action[])[
                    () => PlacementMessages.ReadConfirm(flipped), () => PlacementMessages.ReadConfirmed(flipped, 2), () => PlacementMessages.ReadFetch(flipped), () => PlacementMessages.ReadAccepted(flipped)])
                {
                    read += Record.Exception(parse) switch { null => 1, PlacementProtocolException => 0, var other => throw other };
                }
            }
        }

        Assert.NotEqual(0, read);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(41_217u)]
    [InlineData(uint.MaxValue)]
    public void A_header_of_no_length_or_one_above_the_limit_is_refused(uint length)
    {
        var header = new byte[5];
        BitConverter.TryWriteBytes(header, length);
        header[4] = 1;
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.TryReadHeader(new ReadOnlySequence<byte>(header), out _, out _));
        Assert.False(PlacementMessages.TryReadHeader(new ReadOnlySequence<byte>(header, 0, 4), out _, out _));
        BitConverter.TryWriteBytes(header, 41_216);
        Assert.True(PlacementMessages.TryReadHeader(new ReadOnlySequence<byte>(header), out _, out var content));
        Assert.Equal(41_215, content);
        header[4] = 6;
        Assert.Throws<PlacementProtocolException>(() => PlacementMessages.TryReadHeader(new ReadOnlySequence<byte>(header), out _, out _));
    }

    private static byte[] Content(Action<IBufferWriter<byte>> write) => Convert.FromHexString(Written(write))[PlacementMessages.HeaderBytes..];

    private static string Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return Convert.ToHexString(output.WrittenSpan);
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Panal.DicomWeb.Answers;
using Panal.DicomWeb.Store;

namespace Panal.Unit.DicomWeb.Store;

public sealed class MultipartReaderTests
{
    private const string Boundary = "b42";

    private static readonly byte[] Body = Encoding.Latin1.GetBytes(
        "preamble\r\n--b42\r\nContent-Type: application/dicom; transfer-syntax=1.2\r\nContent-Location: a/b\r\n\r\none\r\n--b4 \r\r\n--b4\r\n--b42  \r\n\r\n"
        + "\r\n--b42\r\nX-Other: 1\r\n\r\nthree\r\n\r\n--b42--\r\nepilogue");

    private static readonly (string Type, string Location, string Bytes)[] Parts =
        [("application/dicom", "a/b", "one\r\n--b4 \r\r\n--b4"), ("", "", ""), ("", "", "three\r\n")];

    [Fact]
    public async Task Parts_are_read_wherever_the_pieces_of_the_body_are_cut()
    {
        for (var size = 1; size <= Body.Length; size++)
        {
            Assert.Equal(Parts, await ReadAsync(Pieces(Body, size)));
        }
    }

    [Fact]
    public async Task Parts_are_read_while_the_body_still_arrives()
    {
        var pipe = new Pipe();
        var reading = ReadAsync(pipe.Reader);
        foreach (var one in Body)
        {
            await pipe.Writer.WriteAsync(new[] { one }, TestContext.Current.CancellationToken);
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal(Parts, await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_body_that_is_cut_anywhere_before_its_last_boundary_is_refused()
    {
        var end = Encoding.Latin1.GetString(Body).IndexOf("--\r\nepilogue", StringComparison.Ordinal) + 2;
        for (var length = 0; length < end; length++)
        {
            var fault = await Assert.ThrowsAsync<WebFaultException>(() => ReadAsync(Pieces(Body[..length], 7)));
            Assert.Equal(400, fault.StatusCode);
        }

        Assert.Equal(Parts, await ReadAsync(Pieces(Body[..end], 7)));
    }

    [Fact]
    public async Task Every_flipped_byte_is_read_or_refused()
    {
        for (var index = 0; index < Body.Length; index++)
        {
            var broken = Body.ToArray();
            broken[index] ^= 0xFF;
            try
            {
                Assert.InRange((await ReadAsync(Pieces(broken, 5))).Length, 0, 4);
            }
            catch (WebFaultException fault)
            {
                Assert.Contains(fault.StatusCode, new[] { 400, 415 });
            }
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(MultipartReader.HeadLimitBytes - 20, true)]
    [InlineData(MultipartReader.HeadLimitBytes, false)]
    [InlineData(MultipartReader.HeadLimitBytes * 4, false)]
    public async Task The_head_of_a_part_has_a_limit(int length, bool isRead)
    {
        var body = Encoding.Latin1.GetBytes($"--b42\r\nX: {new string('x', length)}\r\n\r\nbytes\r\n--b42--");
        if (isRead)
        {
            Assert.Equal("bytes", Assert.Single(await ReadAsync(Pieces(body, 4096))).Bytes);
        }
        else
        {
            Assert.Equal(400, (await Assert.ThrowsAsync<WebFaultException>(() => ReadAsync(Pieces(body, 4096)))).StatusCode);
        }
    }

    [Theory]
    [InlineData("--b42\r\nno colon\r\n\r\nx\r\n--b42--")]
    [InlineData("--b42junk\r\n\r\nx\r\n--b42--")]
    [InlineData("--other\r\n\r\nx\r\n--other--")]
    public async Task What_is_no_multipart_is_refused(string body) =>
        Assert.Equal(400, (await Assert.ThrowsAsync<WebFaultException>(() => ReadAsync(Pieces(Encoding.Latin1.GetBytes(body), 3)))).StatusCode);

    [Fact]
    public async Task The_longest_boundary_is_found_wherever_the_body_is_cut()
    {
        var boundary = new string('-', 100) + new string('x', MultipartBody.BoundaryLimit - 100);
        var body = Encoding.Latin1.GetBytes($"--{boundary}\r\n\r\n\r\n--{boundary[..^1]}\r\n--{boundary}--");
        for (var size = 1; size < body.Length; size += 3)
        {
            Assert.Equal($"\r\n--{boundary[..^1]}", Assert.Single(await ReadAsync(Pieces(body, size), boundary)).Bytes);
        }
    }

    [Fact]
    public async Task A_part_that_nobody_reads_is_passed_over()
    {
        var reader = new MultipartReader(Pieces(Body, 11), Boundary);
        var types = new List<string>();
        while (await reader.NextAsync(TestContext.Current.CancellationToken) is { } head)
        {
            types.Add(head.ContentType);
        }

        Assert.Equal(["application/dicom", "", ""], types);
    }

    private static PipeReader Pieces(byte[] bytes, int size)
    {
        Piece? first = null, last = null;
        for (var index = 0; index < bytes.Length; index += size)
        {
            var piece = new Piece(bytes.AsMemory(index, Math.Min(size, bytes.Length - index)), last);
            first ??= piece;
            last = piece;
        }

        return PipeReader.Create(first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length));
    }

    private static async Task<(string Type, string Location, string Bytes)[]> ReadAsync(PipeReader body, string boundary = Boundary)
    {
        var ct = TestContext.Current.CancellationToken;
        var reader = new MultipartReader(body, boundary);
        var parts = new List<(string, string, string)>();
        while (await reader.NextAsync(ct) is { } head)
        {
            var bytes = new StringBuilder();
            while (true)
            {
                var read = await reader.Current.ReadAsync(ct);
                bytes.Append(Encoding.Latin1.GetString(read.Buffer));
                reader.Current.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            parts.Add((head.ContentType, head.ContentLocation, bytes.ToString()));
        }

        return [.. parts];
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}

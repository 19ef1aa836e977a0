using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Panal.DicomWeb.Answers;

namespace Panal.Unit.DicomWeb.Answers;

public sealed class TextAnswerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0L)]
    [InlineData(5, 5L)]
    [InlineData(TextAnswer.StepBytes - 1, (long)TextAnswer.StepBytes - 1)]
    [InlineData(TextAnswer.StepBytes, null)]
    [InlineData(TextAnswer.StepBytes + 1, null)]
    public async Task A_short_answer_leaves_in_one_piece_with_its_length_and_a_long_one_as_it_is_made(int length, long? told)
    {
        var (context, body) = Context("");
        var sent = Enumerable.Range(0, length).Select(static number => (byte)number).ToArray();
        await using (var answer = TextAnswer.Begin(context, "application/json"))
        {
            await answer.WriteAsync(sent.AsMemory(0, length / 2), Ct);
            Assert.Equal(0, body.Length);
            await answer.WriteAsync(sent.AsMemory(length / 2), Ct);
            await answer.EndAsync(Ct);
        }

        Assert.Equal(sent, body.ToArray());
        Assert.Equal(told, context.Response.ContentLength);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public async Task What_is_packed_is_the_same_when_it_is_unpacked(int length)
    {
        var (context, body) = Context("gzip");
        var sent = new byte[length];
        new Random(1).NextBytes(sent);
        await using (var answer = TextAnswer.Begin(context, "application/json"))
        {
            await answer.WriteAsync(sent, Ct);
            await answer.EndAsync(Ct);
        }

        Assert.Equal("gzip", context.Response.Headers.ContentEncoding);
        Assert.Equal(length < TextAnswer.StepBytes ? body.Length : (long?)null, context.Response.ContentLength);
        body.Position = 0;
        using var unpacked = new MemoryStream();
        await using (var gzip = new GZipStream(body, CompressionMode.Decompress))
        {
            await gzip.CopyToAsync(unpacked, Ct);
        }

        Assert.Equal(sent, unpacked.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    public async Task Of_an_answer_that_was_broken_off_nothing_is_sent(string encoding)
    {
        var (context, body) = Context(encoding);
        await using (var answer = TextAnswer.Begin(context, "application/json"))
        {
            await answer.WriteAsync("[1,"u8.ToArray(), Ct);
        }

        Assert.Equal(0, body.Length);
        Assert.Null(context.Response.ContentLength);
    }

    private static (HttpContext Context, MemoryStream Body) Context(string encoding)
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };
        context.Request.Headers.AcceptEncoding = encoding;
        return (context, body);
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Http;
using System.Text;
using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Dicom;
using Panal.Unit.Imaging.Rendering.Output;

namespace Panal.Unit.DicomWeb.Retrieve;

public sealed class RenderedTests
{
    private const string One = Images.Path + "1.2.3.4.1";

    [Fact]
    public async Task An_instance_is_a_JPEG_or_a_PNG_as_the_client_wants()
    {
        await using var web = await StoredAsync();
        using var png = await web.GetAsync(One + "/rendered", "image/png");
        Assert.Equal((HttpStatusCode.OK, "image/png"), (png.StatusCode, png.Content.Headers.ContentType?.MediaType));
        var pixels = await PngAsync(png);
        Assert.Equal((8, (byte)0, (byte)255), (pixels.Length, pixels.Min(), pixels.Max()));
        foreach (var accept in new[] { "image/jpeg", "*/*", "image/avif,image/webp,image/*,*/*;q=0.8" })
        {
            using var jpeg = await web.GetAsync(One + "/rendered", accept);
            Assert.Equal("image/jpeg", jpeg.Content.Headers.ContentType?.MediaType);
            var layout = JpegDecoder.Instance.ReadLayout(await BytesAsync(jpeg), CodecLimits.Default)!.Value;
            Assert.Equal((4, 2, 1), (layout.Width, layout.Height, layout.Components));
        }

        using var other = await web.GetAsync(One + "/rendered", "text/html");
        Assert.Equal(HttpStatusCode.NotAcceptable, other.StatusCode);
    }

    [Fact]
    public async Task Window_viewport_and_quality_are_followed()
    {
        await using var web = await StoredAsync();

        // The first frame holds 0100h, 0302h, ... 0F0Eh.
        using var windowed = await web.GetAsync(One + "/rendered?window=2000,1,linear", "image/png");
        Assert.Equal([0, 0, 0, 0, 255, 255, 255, 255], await PngAsync(windowed));
        using var sized = await web.GetAsync(One + "/rendered?viewport=100,100", "image/png");
        Assert.Equal((100, 50), Size(await BytesAsync(sized)));
        using var part = await web.GetAsync(One + "/rendered?viewport=2,2,1,0,2,1&window=2000,1,linear", "image/png");
        Assert.Equal((2, 1), Size(await BytesAsync(part)));
        using var low = await web.GetAsync(One + "/rendered?viewport=512,512&quality=5", "image/jpeg");
        using var high = await web.GetAsync(One + "/rendered?viewport=512,512&quality=100", "image/jpeg");
        Assert.True((await BytesAsync(low)).Length < (await BytesAsync(high)).Length);
    }

    [Theory]
    [InlineData("window=1")]
    [InlineData("window=1,0,linear")]
    [InlineData("window=a,b,linear")]
    [InlineData("window=1,2,cubic")]
    [InlineData("window=1,2,linear,4")]
    [InlineData("window=NaN,2")]
    [InlineData("viewport=0,5")]
    [InlineData("viewport=8193,5")]
    [InlineData("viewport=5")]
    [InlineData("viewport=5,5,5")]
    [InlineData("viewport=1.5,5")]
    [InlineData("viewport=5,5,-1,0,1,1")]
    [InlineData("viewport=5,5,0,0,0,1")]
    [InlineData("quality=0")]
    [InlineData("quality=101")]
    [InlineData("quality=best")]
    public async Task A_parameter_that_makes_no_sense_is_told(string query)
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync(One + "/rendered?" + query, "image/png");
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Frames_are_pictures_of_their_own_and_several_are_parts()
    {
        await using var web = await StoredAsync();
        using var second = await web.GetAsync(One + "/frames/2/rendered?window=4000,1,linear", "image/png");
        Assert.Equal([255, 255, 255, 255, 255, 255, 255, 255], await PngAsync(second)); // From 1110h on.
        using var parts = await web.GetAsync(One + "/frames/1,3/rendered", "multipart/related; type=\"image/png\"");
        Assert.Equal("multipart/related", parts.Content.Headers.ContentType?.MediaType);
        Assert.Equal(2, Count(Encoding.Latin1.GetString(await BytesAsync(parts)), "Content-Type: image/png"));
        using var all = await web.GetAsync("studies/1.2.3/rendered");
        Assert.Equal(3, Count(Encoding.Latin1.GetString(await BytesAsync(all)), "Content-Type: image/jpeg"));
        using var beyond = await web.GetAsync(One + "/frames/4/rendered", "image/png");
        Assert.Equal(HttpStatusCode.NotFound, beyond.StatusCode);
        using var oneOfThem = await web.GetAsync(One + "/frames/1,4/rendered", "multipart/related; type=\"image/png\"");
        Assert.Equal(HttpStatusCode.NotFound, oneOfThem.StatusCode);
    }

    [Fact]
    public async Task A_thumbnail_is_small_and_comes_of_whatever_has_a_picture()
    {
        await using var web = await StoredAsync();
        var report = Report("1.2.3.4.9");
        await Images.StoreAsync(web, report, TransferSyntax.ExplicitVrLittleEndian);
        foreach (var path in new[] { "studies/1.2.3", "studies/1.2.3/series/1.2.3.4", One, One + "/frames/2" })
        {
            using var answer = await web.GetAsync(path + "/thumbnail", "image/png,image/*");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal((128, 64), Size(await BytesAsync(answer)));
        }

        using var smaller = await web.GetAsync(One + "/thumbnail?viewport=32,32", "image/png");
        Assert.Equal((32, 16), Size(await BytesAsync(smaller)));
        using var again = await web.GetAsync(One + "/thumbnail?viewport=32,32", "image/png", ("If-None-Match", smaller.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var large = await web.GetAsync(One + "/thumbnail?viewport=3200,3200", "image/png");
        Assert.Equal(HttpStatusCode.BadRequest, large.StatusCode);
        using var none = await web.GetAsync(Images.Path + "1.2.3.4.9/thumbnail");
        Assert.Equal(HttpStatusCode.NotAcceptable, none.StatusCode);
    }

    [Fact]
    public async Task Damaged_images_are_told_of_and_do_not_hide_the_others()
    {
        await using var web = await StoredAsync();
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.5", 1, [], [0xFF, 0xD8, 3, 4]), TransferSyntax.ForUid(Uids.JPEGBaseline8Bit));
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.6", 1, [], [1, 2, 3, 4]), TransferSyntax.ForUid(Uids.JPEGXL));
        using var damaged = await web.GetAsync(Images.Path + "1.2.3.4.5/rendered");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "application/problem+json"), (damaged.StatusCode, damaged.Content.Headers.ContentType?.MediaType));
        using var unsupported = await web.GetAsync(Images.Path + "1.2.3.4.6/rendered");
        Assert.Equal(HttpStatusCode.NotAcceptable, unsupported.StatusCode);
        using var all = await web.GetAsync("studies/1.2.3/rendered");
        Assert.Equal(HttpStatusCode.OK, all.StatusCode);
        Assert.Equal(3, Count(Encoding.Latin1.GetString(await BytesAsync(all)), "Content-Type: image/jpeg"));
    }

    [Theory]
    [InlineData(Uids.ExplicitVRBigEndian)]
    [InlineData(Uids.DeflatedExplicitVRLittleEndian)]
    [InlineData(Uids.ImplicitVRLittleEndian)]
    public async Task Odd_uncompressed_syntaxes_look_the_same(string uid)
    {
        await using var web = await StoredAsync();
        await Images.StoreAsync(web, Images.Native("1.2.3.4.7"), TransferSyntax.ForUid(uid));
        using var expected = await web.GetAsync(One + "/frames/2/rendered", "image/png");
        using var answer = await web.GetAsync(Images.Path + "1.2.3.4.7/frames/2/rendered", "image/png");
        Assert.Equal(await PngAsync(expected), await PngAsync(answer));
    }

    [Fact]
    public async Task A_presentation_state_shows_its_image_its_own_way()
    {
        await using var web = await StoredAsync();
        await Images.StoreAsync(web, State("1.2.3.4.8"), TransferSyntax.ExplicitVrLittleEndian);
        using var answer = await web.GetAsync(Images.Path + "1.2.3.4.8/rendered", "image/png");
        Assert.Equal([255, 255, 255, 255, 0, 0, 0, 0], await PngAsync(answer));
        using var uri = await web.GetAsync("/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.4&objectUID=1.2.3.4.1&contentType=image/png&presentationUID=1.2.3.4.8&presentationSeriesUID=1.2.3.4");
        Assert.Equal([255, 255, 255, 255, 0, 0, 0, 0], await PngAsync(uri));
    }

    [Fact]
    public async Task WADO_URI_gives_pictures_with_its_own_parameters()
    {
        await using var web = await StoredAsync();
        const string Uri = "/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.4&objectUID=1.2.3.4.1";
        using var standard = await web.GetAsync(Uri);
        Assert.Equal("image/jpeg", standard.Content.Headers.ContentType?.MediaType);
        using var windowed = await web.GetAsync(Uri + "&contentType=text/html,image/png&windowCenter=2000&windowWidth=1");
        Assert.Equal([0, 0, 0, 0, 255, 255, 255, 255], await PngAsync(windowed));
        using var region = await web.GetAsync(Uri + "&contentType=image/png&windowCenter=2000&windowWidth=1&region=0,0.5,0.5,1&rows=10&columns=20");
        Assert.Equal((20, 10), Size(await BytesAsync(region)));
        Assert.All(await PngAsync(region), pixel => Assert.Equal(255, pixel));
        using var frame = await web.GetAsync(Uri + "&contentType=image/png&frameNumber=3&windowCenter=4000&windowWidth=1");
        Assert.Equal(8, (await PngAsync(frame)).Length);
        foreach (var wrong in new[] { "&contentType=video/mp4", "&frameNumber=9", "&frameNumber=1,2", "&windowCenter=3", "&region=0,0,1,1", "&region=1,0,0,1&rows=3", "&rows=-4", "&imageQuality=x" })
        {
            using var answer = await web.GetAsync(Uri + wrong);
            Assert.True((int)answer.StatusCode is 400 or 404 or 406, wrong);
        }
    }

    [Fact]
    public async Task Who_looks_is_in_the_audit_trail()
    {
        await using var web = await StoredAsync();
        using (await web.GetAsync("studies/1.2.3/thumbnail"))
        {
            Assert.Contains("1.2.3", await web.AuditAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<WebArchive> StoredAsync()
    {
        var web = await WebArchive.OpenAsync();
        await Images.StoreAsync(web, Images.Native("1.2.3.4.1"), TransferSyntax.ExplicitVrLittleEndian);
        return web;
    }

    private static DataSet Report(string uid)
    {
        var report = Images.Native(uid);
        report.Remove(Tags.PixelData);
        return report;
    }

    private static DataSet State(string uid)
    {
        var state = Report(uid);
        state.Set(Tags.SOPClassUID, Uids.GrayscaleSoftcopyPresentationStateStorage);
        var image = new DataSet();
        image.Set(Tags.ReferencedSOPInstanceUID, "1.2.3.4.1");
        image.Set(Tags.ReferencedFrameNumber, "1");
        var series = new DataSet();
        series.Set(Tags.SeriesInstanceUID, "1.2.3.4");
        series.SetSequence(Tags.ReferencedImageSequence, [image]);
        state.SetSequence(Tags.ReferencedSeriesSequence, [series]);
        state.Set(Tags.PresentationLUTShape, "INVERSE");
        var voi = new DataSet();
        voi.Set(Tags.WindowCenter, "2000");
        voi.Set(Tags.WindowWidth, "1");
        state.SetSequence(Tags.SoftcopyVOILUTSequence, [voi]);
        return state;
    }

    private static Task<byte[]> BytesAsync(HttpResponseMessage answer) => answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

    private static async Task<byte[]> PngAsync(HttpResponseMessage answer) => PictureFileTests.Gathered(await BytesAsync(answer), colourType: 0, channels: 1);

    private static (int Width, int Height) Size(byte[] png) => (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));

    private static int Count(string text, string what) => text.Split(what).Length - 1;
}

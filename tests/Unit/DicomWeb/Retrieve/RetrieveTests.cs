using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Unit.Archive;
using Panal.Unit.DicomWeb.Store;

namespace Panal.Unit.DicomWeb.Retrieve;

public sealed class RetrieveTests
{
    private const string Parts = "multipart/related; type=\"application/dicom\"";
    private static readonly Sample First = new() { SopInstanceUid = "1.2.3.4.1", PixelBytes = 300_000 };
    private static readonly Sample Second = First with { SopInstanceUid = "1.2.3.4.2", Pixel = 9 };

    [Theory]
    [InlineData("studies/1.2.3", 2)]
    [InlineData("studies/1.2.3/series/1.2.3.4", 2)]
    [InlineData("studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.2", 1)]
    public async Task What_was_stored_comes_back_byte_for_byte(string path, int count)
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync(path, Parts + "; transfer-syntax=*");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var parts = await PartsAsync(answer);
        Assert.Equal(count, parts.Length);
        Assert.All(parts, part => Assert.Equal("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", part.Head["content-type"]));
        Assert.Equal(StoreResourceTests.File(Second), parts[^1].Bytes);
        Assert.EndsWith("/instances/1.2.3.4.2", parts[^1].Head["content-location"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_leaves_in_implicit_VR_big_endian_or_deflated_unless_asked_for()
    {
        await using var web = await WebArchive.OpenAsync();
        var syntaxes = new[] { TransferSyntax.ImplicitVrLittleEndian, TransferSyntax.ExplicitVrBigEndian, TransferSyntax.DeflatedExplicitVrLittleEndian };
        for (var index = 0; index < syntaxes.Length; index++)
        {
            await web.Archive.StoreAsync(First with { SopInstanceUid = $"1.2.3.4.{index}" }, syntaxes[index]);
        }

        var expected = First with { SopInstanceUid = "1.2.3.4.1" };
        foreach (var accept in new[] { "*/*", Parts, Parts + "; transfer-syntax=1.2.840.10008.1.2.1" })
        {
            using var answer = await web.GetAsync("studies/1.2.3", accept);
            var parts = await PartsAsync(answer);
            Assert.Equal((3, HttpStatusCode.OK), (parts.Length, answer.StatusCode));
            Assert.All(parts, part => Assert.Equal("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", part.Head["content-type"]));
            Assert.True(DataSetOf(parts[1].Bytes).ContentEquals(DataSetEncoding.Decode(expected.Encode(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default)));
        }

        using var asStored = await web.GetAsync("studies/1.2.3", Parts + "; transfer-syntax=*");
        Assert.Equal(["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"], (await PartsAsync(asStored)).Select(part => part.Head["content-type"].Split('=')[1]));
        foreach (var forbidden in new[] { "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50", "nonsense" })
        {
            using var refused = await web.GetAsync("studies/1.2.3", Parts + "; transfer-syntax=" + forbidden);
            Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
        }
    }

    [Fact]
    public async Task Compressed_instances_leave_as_they_are_and_partly_when_others_cannot_be_made()
    {
        await using var web = await StoredAsync();
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.3", 1, [], [1, 2, 3, 4]), TransferSyntax.ForUid(Uids.JPEGXL));
        using var all = await web.GetAsync("studies/1.2.3", Parts);
        Assert.Equal((HttpStatusCode.OK, 3), (all.StatusCode, (await PartsAsync(all)).Length));
        using var plain = await web.GetAsync("studies/1.2.3", Parts + "; transfer-syntax=1.2.840.10008.1.2.1");
        Assert.Equal((HttpStatusCode.PartialContent, 2), (plain.StatusCode, (await PartsAsync(plain)).Length));
        Assert.Contains("1 instances", Assert.Single(plain.Headers.GetValues("Warning")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_instance_is_a_file_without_parts_with_ranges_and_an_entity_tag()
    {
        await using var web = await StoredAsync();
        var path = Images.Path + "1.2.3.4.1";
        var file = StoreResourceTests.File(First);
        using var whole = await web.GetAsync(path, "application/dicom");
        Assert.Equal(file, await whole.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        var tag = whole.Headers.ETag!.ToString();
        using var known = await web.GetAsync(path, "application/dicom", ("If-None-Match", tag));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        foreach (var (range, status, expected) in new (string, int, byte[]?)[]
        {
            ("bytes=0-9", 206, file[..10]), ("bytes=100-", 206, file[100..]), ("bytes=-7", 206, file[^7..]), ("bytes=5-99999999", 206, file[5..]),
            ("bytes=99999999-", 416, null), ("bytes=9-5", 200, file), ("bytes=0-1,5-6", 200, file), ("lines=1-2", 200, file),
            ("bytes=-0", 416, null), ("bytes=9223372036854775807-9223372036854775808", 200, file),
        })
        {
            using var part = await web.GetAsync(path, "application/dicom", ("Range", range));
            Assert.Equal((range, status), (range, (int)part.StatusCode));
            if (expected is not null)
            {
                Assert.Equal(expected, await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            }
        }
    }

    [Fact]
    public async Task WADO_URI_gives_the_file_and_refuses_what_it_cannot_do()
    {
        await using var web = await StoredAsync();
        const string One = "/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.4&objectUID=1.2.3.4.1";
        using var file = await web.GetAsync(One + "&contentType=application%2Fdicom");
        Assert.Equal("application/dicom", file.Content.Headers.ContentType!.MediaType);
        Assert.Equal(StoreResourceTests.File(First), await file.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        foreach (var (path, status) in new[]
        {
            (One, 422), (One + "&contentType=image/jpeg", 422), (One + "&contentType=video/mpeg", 406), (One + "&contentType=application/dicom&anonymize=yes", 400),
            (One.Replace("WADO&", "X&", StringComparison.Ordinal), 400), (One.Replace("objectUID=1.2.3.4.1", "objectUID=1.2.9", StringComparison.Ordinal) + "&contentType=application/dicom", 404),
            (One.Replace("1.2.3.4.1", "..%2Fx", StringComparison.Ordinal) + "&contentType=application/dicom", 400),
            (One + "&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2", 406), (One + "&objectUID=1.2.3.4.2&contentType=application/dicom", 400),
        })
        {
            using var answer = await web.GetAsync(path);
            Assert.Equal((path, status), (path, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task Metadata_holds_every_attribute_with_bulk_data_by_reference_that_leads_to_the_value()
    {
        await using var web = await WebArchive.OpenAsync();
        foreach (var (uid, syntax) in new[] { ("1.2.3.4.1", TransferSyntax.ExplicitVrLittleEndian), ("1.2.3.4.2", TransferSyntax.ImplicitVrLittleEndian), ("1.2.3.4.3", TransferSyntax.ExplicitVrBigEndian), ("1.2.3.4.4", TransferSyntax.DeflatedExplicitVrLittleEndian) })
        {
            await Images.StoreAsync(web, Images.Native(uid), syntax);
        }

        for (var round = 0; round < 2; round++)
        {
            var metadata = await web.JsonAsync("studies/1.2.3/series/1.2.3.4/metadata");
            Assert.Equal(4, metadata.Length);
            foreach (var one in metadata)
            {
                Assert.Equal("Müller^Eva", one.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString());
                Assert.Equal(("2", "16"), (WebArchive.Value(one, Tags.Rows), WebArchive.Value(one, Tags.BitsAllocated)));
                var pixels = one.GetProperty("7FE00010").GetProperty("BulkDataURI").GetString()!;
                Assert.EndsWith("/bulkdata/7FE00010", pixels, StringComparison.Ordinal);
                Assert.Equal(Enumerable.Range(0, 48).Select(value => (byte)value), await web.Client.GetByteArrayAsync(new Uri(pixels), TestContext.Current.CancellationToken));
                var nested = one.GetProperty("00880200").GetProperty("Value")[1].GetProperty("00420011").GetProperty("BulkDataURI").GetString()!;
                Assert.Equal(Enumerable.Repeat((byte)7, 2000), await web.Client.GetByteArrayAsync(new Uri(nested), TestContext.Current.CancellationToken));
            }
        }

        using var whole = await web.GetAsync("studies/1.2.3/metadata", "application/dicom+json");
        using var known = await web.GetAsync("studies/1.2.3/metadata", "application/dicom+json", ("If-None-Match", whole.Headers.ETag!.ToString()));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotModified), (whole.StatusCode, known.StatusCode));
        using var xml = await web.GetAsync(Images.Path + "1.2.3.4.3/metadata", "multipart/related; type=\"application/dicom+xml\"");
        Assert.Contains("bulkdata/00880200/1/00420011", await xml.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var range = await web.GetAsync(Images.Path + "1.2.3.4.1/bulkdata/7FE00010", "application/octet-stream", ("Range", "bytes=4-5"));
        Assert.Equal([4, 5], await range.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var parts = await web.GetAsync(Images.Path + "1.2.3.4.1/bulkdata/7FE00010", "multipart/related; type=\"application/octet-stream\"");
        Assert.Equal(48, Assert.Single(await PartsAsync(parts)).Bytes.Length);
        foreach (var path in new[] { "00100010", "7FE00011", "../../../1.2.3.4.2", "00880200/0/00420011", "00880200/99999999999/00420011", "" })
        {
            using var missing = await web.GetAsync(Images.Path + "1.2.3.4.1/bulkdata/" + path);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Fact]
    public async Task Native_frames_are_cut_at_their_pixels()
    {
        await using var web = await WebArchive.OpenAsync();
        await Images.StoreAsync(web, Images.Native("1.2.3.4.1"), TransferSyntax.ExplicitVrBigEndian);
        await Images.StoreAsync(web, Images.Bits("1.2.3.4.2"), TransferSyntax.ExplicitVrLittleEndian);
        using var two = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/3,1", "multipart/related; type=\"application/octet-stream\"");
        var parts = await PartsAsync(two);
        Assert.Equal([32, 0], parts.Select(part => (int)part.Bytes[0]));
        Assert.All(parts, part => Assert.Equal((16, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"), (part.Bytes.Length, part.Head["content-type"])));
        using var single = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/2", "application/octet-stream");
        Assert.Equal(Enumerable.Range(16, 16).Select(value => (byte)value), await single.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var bits = await web.GetAsync(Images.Path + "1.2.3.4.2/frames/1,2,3", "*/*");
        Assert.Equal([0b10101, 0b01110, 0b11111], (await PartsAsync(bits)).Select(part => part.Bytes[0] & 0b11111));
        foreach (var (frames, status) in new[] { ("0", 400), ("4", 404), ("x", 400), ("1,,2", 400), ("-1", 400), ("99999999999", 400) })
        {
            using var answer = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/" + frames);
            Assert.Equal((frames, status), (frames, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task Compressed_frames_are_gathered_from_their_fragments_and_leave_in_their_own_type()
    {
        await using var web = await WebArchive.OpenAsync();
        var jpeg = TransferSyntax.ForUid(Uids.JPEGBaseline8Bit);
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.1", 2, [], [1, 1], [2, 2]), jpeg);
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.2", 2, [0, 20], [1, 1], [1, 2], [2, 2]), jpeg);
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.3", 1, [], [1, 1], [1, 2], [1, 3]), jpeg);
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.4", 2, [0, 19], [1, 1], [1, 2], [2, 2]), jpeg);
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.5", 2, []), jpeg);
        foreach (var (uid, frame, expected) in new[] { (1, 2, new byte[] { 2, 2 }), (2, 1, [1, 1, 1, 2]), (2, 2, [2, 2]), (3, 1, [1, 1, 1, 2, 1, 3]) })
        {
            using var answer = await web.GetAsync($"{Images.Path}1.2.3.4.{uid}/frames/{frame}", "multipart/related; type=\"image/jpeg\"");
            var part = Assert.Single(await PartsAsync(answer));
            Assert.Equal(expected, part.Bytes);
            Assert.Equal("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50", part.Head["content-type"]);
        }

        foreach (var (uid, accept, status) in new[]
        {
            (1, "multipart/related; type=\"application/octet-stream\"", 422), (1, "multipart/related; type=\"image/jp2\"", 406),
            (1, "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*", 200), (1, "image/jpeg", 200), (1, "image/*", 406),
            (4, "*/*", 422), (5, "*/*", 404),
        })
        {
            using var answer = await web.GetAsync($"{Images.Path}1.2.3.4.{uid}/frames/1", accept);
            Assert.Equal((uid, accept, status), (uid, accept, (int)answer.StatusCode));
        }

        using var bulk = await web.GetAsync(Images.Path + "1.2.3.4.2/bulkdata/7FE00010");
        Assert.Equal([4, 2], (await PartsAsync(bulk)).Select(part => part.Bytes.Length));
    }

    [Theory]
    [InlineData("multipart/related; type=\"image/jls\"", "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80")]
    [InlineData("multipart/related; type=\"image/jpeg\"", "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70")]
    [InlineData("multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.57", "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.57")]
    [InlineData("multipart/related; type=\"image/dicom-rle\"", "image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5")]
    public async Task Frames_are_compressed_as_the_client_takes_them_and_hold_the_same_pixels(string accept, string type)
    {
        await using var web = await WebArchive.OpenAsync();
        await Images.StoreAsync(web, Images.Native("1.2.3.4.1"), TransferSyntax.ExplicitVrLittleEndian);
        using var answer = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/2,3", accept);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var parts = await PartsAsync(answer);
        Assert.Equal(2, parts.Length);
        Assert.All(parts, part => Assert.Equal(type, part.Head["content-type"]));
        var layout = new SampleLayout(4, 2, 1, 16, 16);
        var samples = new byte[layout.LengthBytes];
        IFrameDecoder decoder = type.StartsWith("image/jls", StringComparison.Ordinal) ? JpegLsDecoder.Instance
            : type.StartsWith("image/jpeg", StringComparison.Ordinal) ? JpegDecoder.Instance : RleDecoder.Instance;
        decoder.Decode(parts[1].Bytes, layout, samples, CodecLimits.Default);
        Assert.Equal(Enumerable.Range(32, 16).Select(value => (byte)value), samples);
    }

    [Fact]
    public async Task Compressed_frames_and_instances_are_decoded_for_who_does_not_take_them()
    {
        await using var web = await WebArchive.OpenAsync();
        var layout = new SampleLayout(4, 2, 1, 16, 16);
        var samples = Enumerable.Range(0, 16).Select(value => (byte)value).ToArray();
        var encoded = Unit.Codecs.Support.Hostile.Encode(JpegLsEncoder.Lossless, samples, layout);
        var image = Images.Encapsulated("1.2.3.4.1", 1, [], encoded);
        image.SetUInt16(Tags.BitsAllocated, 16);
        await Images.StoreAsync(web, image, TransferSyntax.ForUid(Uids.JPEGLSLossless));
        using var frame = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/1", "application/octet-stream");
        Assert.Equal("application/octet-stream", frame.Content.Headers.ContentType!.MediaType);
        Assert.Equal(samples, await frame.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var rle = await web.GetAsync(Images.Path + "1.2.3.4.1/frames/1", "image/dicom-rle");
        Assert.Equal(HttpStatusCode.OK, rle.StatusCode);
        using var instance = await web.GetAsync(Images.Path + "1.2.3.4.1", "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
        var dataSet = DataSetOf(await instance.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.True(dataSet.TryGet(Tags.PixelData, out var pixels));
        Assert.Equal(samples, pixels.Value.ToArray());
        using var study = await web.GetAsync("studies/1.2.3", Parts + "; transfer-syntax=1.2.840.10008.1.2.5");
        Assert.Equal("application/dicom; transfer-syntax=1.2.840.10008.1.2.5", Assert.Single(await PartsAsync(study)).Head["content-type"]);
    }

    [Fact]
    public async Task What_is_damaged_leaves_as_it_is_among_others_and_is_refused_alone()
    {
        await using var web = await StoredAsync();
        await Images.StoreAsync(web, Images.Encapsulated("1.2.3.4.3", 1, [], [1, 2, 3, 4]), TransferSyntax.ForUid(Uids.JPEGBaseline8Bit));
        using var study = await web.GetAsync("studies/1.2.3", Parts + "; transfer-syntax=1.2.840.10008.1.2.1");
        Assert.Equal(["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"], (await PartsAsync(study)).Select(part => part.Head["content-type"].Split('=')[1]));
        using var alone = await web.GetAsync(Images.Path + "1.2.3.4.3", "application/dicom; transfer-syntax=1.2.840.10008.1.2.1");
        Assert.Equal(HttpStatusCode.NotAcceptable, alone.StatusCode);
    }

    [Fact]
    public async Task What_is_not_there_or_not_of_the_path_is_404_and_what_cannot_be_given_406()
    {
        await using var web = await StoredAsync();
        foreach (var (path, accept, status) in new[]
        {
            ("studies/1.2.4", "*/*", 404), ("studies/1.2.3/series/1.2.9", "*/*", 404), ("studies/1.2.4/series/1.2.3.4/instances/1.2.3.4.1", "*/*", 404),
            ("studies/1.2.4/metadata", "*/*", 404), ("studies/1.2.3", "image/jpeg", 406), ("studies/1.2.3", "application/dicom", 406),
            ("studies/1.2.3/metadata", "image/jpeg", 406), ("studies/1.2.3", "nonsense;;;", 400), (Images.Path + "1.2.3.4.1/thumbnails", "*/*", 404),
        })
        {
            using var answer = await web.GetAsync(path, accept);
            Assert.Equal((path, accept, status), (path, accept, (int)answer.StatusCode));
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task A_retrieval_is_in_the_audit_trail_once_and_looking_at_frames_once_a_minute()
    {
        await using var web = await StoredAsync();
        using var study = await web.GetAsync("studies/1.2.3");
        await study.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        for (var round = 0; round < 5; round++)
        {
            using var metadata = await web.GetAsync("studies/1.2.3/metadata");
        }

        var trail = await web.AuditAsync();
        Assert.Equal((1, 1, 1), (Count(trail, "\"110102\""), Count(trail, "\"110104\""), Count(trail, "\"110103\"")));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task<WebArchive> StoredAsync()
    {
        var web = await WebArchive.OpenAsync();
        await web.StoreAsync(First, Second);
        return web;
    }

    private static DataSet DataSetOf(byte[] file)
    {
        var bytes = new ReadOnlySequence<byte>(file);
        Assert.True(FileMeta.TryReadHeader(bytes, true, out var meta, out var dataSet));
        return DataSetEncoding.Decode(bytes.Slice(dataSet), meta!.TransferSyntax, DecodeLimits.Default);
    }

    /// <summary>Cuts a body at its boundaries as RFC 2046 says, without our own reader.</summary>
    private static async Task<(Dictionary<string, string> Head, byte[] Bytes)[]> PartsAsync(HttpResponseMessage answer)
    {
        var type = answer.Content.Headers.ContentType!;
        Assert.Equal("multipart/related", type.MediaType);
        var boundary = type.Parameters.Single(parameter => parameter.Name == "boundary").Value!;
        var text = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        var parts = text.Split("\r\n--" + boundary);
        Assert.Equal(("", "--\r\n"), (parts[0], parts[^1]));
        return [.. parts[1..^1].Select(part =>
        {
            var end = part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var head = part[2..end].Split("\r\n").Select(line => line.Split(": ", 2)).ToDictionary(line => line[0].ToLowerInvariant(), line => line[1]);
            var bytes = Encoding.Latin1.GetBytes(part[(end + 4)..]);
            Assert.True(!head.TryGetValue("content-length", out var length) || length == bytes.Length.ToString());
            return (head, bytes);
        })];
    }
}

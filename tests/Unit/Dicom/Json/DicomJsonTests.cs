using System.Text;
using System.Text.Json;
using Panal.Dicom;
using Panal.Dicom.Json;

namespace Panal.Unit.Dicom.Json;

public sealed class DicomJsonTests
{
    [Fact]
    public void Every_VR_survives_the_way_there_and_back()
    {
        var dataSet = Samples.EveryVr();
        Assert.True(Read(DicomJson.ToUtf8(dataSet)).ContentEquals(dataSet));
    }

    [Fact]
    public void A_data_set_is_written_as_the_standard_writes_it()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "", "ISO 2022 IR 87");
        dataSet.SetUInt32(new Tag(0x00080000), 10);
        dataSet.Set(Tags.ImageType, "ORIGINAL", "", "AXIAL");
        dataSet.SetEmpty(Tags.AccessionNumber);
        dataSet.Set(Tags.PatientName, "Yamada^Tarou=山田^太郎=やまだ^たろう", "", "=x", " = =", "===x");
        dataSet.Set(Tags.InstanceNumber, "7", "+08", "x", "02147483648");
        dataSet.Set(Tags.PixelSpacing, "0.50", "1.E1", "+1.5 ", " -0", "1e999", "NaN");
        dataSet.SetTags(Tags.FrameIncrementPointer, Tags.FrameTime);
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.SetDouble(Tags.EventTimeOffset, 0.1, double.NaN, double.NegativeInfinity);
        dataSet.SetUInt64(Tags.SelectorUVValue, (1UL << 53) - 1, 1UL << 53);
        dataSet.SetBytes(Tags.ICCProfile, Vr.OB, new byte[] { 1, 2, 3, 4 });
        dataSet.SetSequence(Tags.ReferencedSeriesSequence, []);
        var item = new DataSet();
        dataSet.SetSequence(Tags.RequestAttributesSequence, [item, new DataSet()]);
        item.Set(Tags.RequestedProcedureDescription, "太");
        dataSet.Set(Tags.ImageComments, "a\\b");
        const string expected =
            """
            {"00080005":{"vr":"CS","Value":["ISO_IR 192"]},
            "00080008":{"vr":"CS","Value":["ORIGINAL",null,"AXIAL"]},
            "00080050":{"vr":"SH"},
            "00081115":{"vr":"SQ"},
            "00082134":{"vr":"FD","Value":[0.1,"NaN","-Infinity"]},
            "00100010":{"vr":"PN","Value":[{"Alphabetic":"Yamada^Tarou","Ideographic":"山田^太郎","Phonetic":"やまだ^たろう"},null,{"Ideographic":"x"},null,null]},
            "00200013":{"vr":"IS","Value":[7,8,"x","02147483648"]},
            "00204000":{"vr":"LT","Value":["a\\b"]},
            "00280009":{"vr":"AT","Value":["00181063"]},
            "00280010":{"vr":"US","Value":[512]},
            "00280030":{"vr":"DS","Value":[0.50,10,1.5,-0,"1e999","NaN"]},
            "00282000":{"vr":"OB","InlineBinary":"AQIDBA=="},
            "00400275":{"vr":"SQ","Value":[{"00321060":{"vr":"LO","Value":["太"]}},{}]},
            "00720083":{"vr":"UV","Value":[9007199254740991,"9007199254740992"]}}
            """;
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            DicomJson.Write(dataSet, writer);
        }

        Assert.Equal(expected.ReplaceLineEndings(""), Encoding.UTF8.GetString(buffer.ToArray()));
        var back = Read(buffer.ToArray());
        Assert.Equal("Yamada^Tarou=山田^太郎=やまだ^たろう", back.GetString(Tags.PatientName));
        Assert.Equal("太", back.GetSequence(Tags.RequestAttributesSequence)[0].GetString(Tags.RequestedProcedureDescription));
        Assert.Equal(["0.50", "10", "1.5", "-0", "1e999", "NaN"], back.GetStrings(Tags.PixelSpacing));
        Assert.Equal(dataSet.GetStrings(Tags.EventTimeOffset), back.GetStrings(Tags.EventTimeOffset));
        Assert.Equal("a\\b", back.GetString(Tags.ImageComments));
    }

    [Fact]
    public void Bulk_data_is_referred_to_where_the_caller_says_so_and_fetched_again()
    {
        var item = new DataSet();
        item.SetBytes(Tags.EncapsulatedDocument, Vr.OB, new byte[] { 1, 2 });
        var dataSet = new DataSet();
        dataSet.SetSequence(Tags.RequestAttributesSequence, [new DataSet(), item]);
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, [ReadOnlyMemory<byte>.Empty, new byte[6]]));
        var asked = new List<BulkData>();
        var json = DicomJson.ToUtf8(dataSet, value =>
        {
            // Whoever is asked may write JSON too.
            DicomJson.ToUtf8(new DataSet());
            asked.Add(value);
            return "urn:" + value.Path;
        });
        Assert.Equal([new("00400275/1/", Tags.EncapsulatedDocument, Vr.OB, 2), new("", Tags.PixelData, Vr.OB, 6)], asked);
        Assert.Contains("\"BulkDataURI\":\"urn:00400275/1/00420011\"", Encoding.UTF8.GetString(json));

        var back = DicomJson.Read(json, DecodeLimits.Default, (uri, tag, vr, out value) =>
        {
            value = new byte[] { 1, 2, 3 };
            return tag != Tags.PixelData;
        });
        Assert.False(back.Contains(Tags.PixelData));
        Assert.True(back.GetSequence(Tags.RequestAttributesSequence)[1].TryGet(Tags.EncapsulatedDocument, out var document));
        Assert.Equal(new byte[] { 1, 2, 3, 0 }, document.Value.ToArray());
        Assert.Single(Read(json));
        Assert.DoesNotContain("7FE00010", Encoding.UTF8.GetString(DicomJson.ToUtf8(dataSet)));
    }

    [Theory]
    [InlineData("""{"00280010":{"vr":"US","Value":["512"]}}""", 0x00280010u, "512")]
    [InlineData("""{"00280010":{"Value":[5.12e2]}}""", 0x00280010u, "512")]
    [InlineData("""{"00200013":{"vr":"IS","Value":[7.0]}}""", 0x00200013u, "7")]
    [InlineData("""{"00180050":{"vr":"DS","Value":[0.30000000000000004]}}""", 0x00180050u, "0.3")]
    [InlineData("""{"00180050":{"vr":"DS","Value":[-0.123456789012345678e-200]}}""", 0x00180050u, "-1.23456789E-201")]
    [InlineData("""{"00100010":{"vr":"PN","Value":["Doe^John"]}}""", 0x00100010u, "Doe^John")]
    [InlineData("""{"00100020":{"vr":"LO","Value":[4711]}}""", 0x00100020u, "4711")]
    [InlineData("""{"00100020":{"vr":"LO","InlineBinary":"WFk="}}""", 0x00100020u, "XY")]
    [InlineData("""{"00082134":{"vr":"FD","Value":["Infinity"]}}""", 0x00082134u, "Infinity")]
    public void What_others_write_is_understood(string json, uint tag, string value) => Assert.Equal(value, Read(json).GetString(new Tag(tag)));

    [Fact]
    public void Text_beyond_ASCII_makes_the_data_set_UTF_8_and_ASCII_leaves_it_alone()
    {
        Assert.Equal(["ISO_IR 192"], Read("""{"00100020":{"vr":"LO","Value":["é"]}}""").GetStrings(Tags.SpecificCharacterSet));
        Assert.False(Read("""{"00100020":{"vr":"LO","Value":["e"]}}""").Contains(Tags.SpecificCharacterSet));
        Assert.Equal(["ISO_IR 192"], Read("""{"00080005":{"vr":"CS","Value":["ISO_IR 100"]}}""").GetStrings(Tags.SpecificCharacterSet));
    }

    [Theory]
    [InlineData("", DicomJsonReason.Malformed, "")]
    [InlineData("[]", DicomJsonReason.Malformed, "")]
    [InlineData("""{"00100020":{"vr":"LO"}} x""", DicomJsonReason.Malformed, "")]
    [InlineData("""{"00100020":[]}""", DicomJsonReason.Malformed, "00100020")]
    [InlineData("""{"00100020":{"vr":"LO","Value":"x"}}""", DicomJsonReason.Malformed, "00100020")]
    [InlineData("""{"00100020":{"vr":"LO","Value":[true]}}""", DicomJsonReason.Malformed, "00100020")]
    [InlineData("""{"00100020":{"vr":"LO","Value":["\ud800"]}}""", DicomJsonReason.Malformed, "00100020")]
    [InlineData("""{"\ud8000010":{"vr":"LO"}}""", DicomJsonReason.Malformed, "")]
    [InlineData("""{"00282000":{"vr":"OB","InlineBinary":"*"}}""", DicomJsonReason.Malformed, "00282000")]
    [InlineData("""{"00282000":{"vr":"OB","BulkDataURI":1}}""", DicomJsonReason.Malformed, "00282000")]
    [InlineData("""{"00282000":{"vr":"OB","Value":[1]}}""", DicomJsonReason.InvalidVr, "00282000")]
    [InlineData("""{"00100020":{"vr":"ZZ"}}""", DicomJsonReason.InvalidVr, "00100020")]
    [InlineData("""{"00100020":{"vr":1}}""", DicomJsonReason.InvalidVr, "00100020")]
    [InlineData("""{"PatientID":{"vr":"LO"}}""", DicomJsonReason.InvalidTag, "")]
    [InlineData("""{"00100020":{"vr":"LO"},"00100020":{"vr":"LO"}}""", DicomJsonReason.InvalidTag, "00100020")]
    [InlineData("""{"00280010":{"vr":"US","Value":[70000]}}""", DicomJsonReason.InvalidValue, "00280010")]
    [InlineData("""{"00280010":{"vr":"US","Value":[1.5]}}""", DicomJsonReason.InvalidValue, "00280010")]
    [InlineData("""{"00082134":{"vr":"FD","Value":[1e999]}}""", DicomJsonReason.InvalidValue, "00082134")]
    [InlineData("""{"00180050":{"vr":"DS","Value":[1e999]}}""", DicomJsonReason.InvalidValue, "00180050")]
    [InlineData("""{"00100020":{"vr":"LO","Value":["a\\b"]}}""", DicomJsonReason.InvalidValue, "00100020")]
    [InlineData("""{"00204000":{"vr":"LT","Value":["a","b"]}}""", DicomJsonReason.InvalidValue, "00204000")]
    [InlineData("""{"00100010":{"vr":"PN","Value":[{"Alphabetic":"a=b"}]}}""", DicomJsonReason.InvalidValue, "00100010")]
    [InlineData("""{"00400275":{"vr":"SQ","Value":[{},{"00280010":{"vr":"AT","Value":["x"]}}]}}""", DicomJsonReason.InvalidValue, "00400275/1/00280010")]
    public void What_is_no_data_set_is_refused_with_its_place(string json, DicomJsonReason reason, string path)
    {
        var exception = Assert.Throws<DicomJsonException>(() => Read(json));
        Assert.Equal((reason, path), (exception.Reason, exception.Path));
    }

    [Fact]
    public void Limits_hold_at_their_edge()
    {
        var limits = new DecodeLimits { MaximumDepth = 3, MaximumElements = 10, MaximumDataSetLengthBytes = 1000 };
        Assert.Single(DicomJson.Read(Nested(3), limits));
        Assert.Equal(DicomJsonReason.NestedTooDeep, Assert.Throws<DicomJsonException>(() => DicomJson.Read(Nested(4), limits)).Reason);
        Assert.Equal(DicomJsonReason.Malformed, Assert.Throws<DicomJsonException>(() => DicomJson.Read(Nested(9), limits)).Reason);

        Assert.Equal(9, DicomJson.Read(Values(9), limits).GetStrings(Tags.ImageType).Length);
        Assert.Equal(DicomJsonReason.TooLarge, Assert.Throws<DicomJsonException>(() => DicomJson.Read(Values(10), limits)).Reason);
        var tooLong = Encoding.UTF8.GetBytes("{}".PadRight(1001));
        Assert.Equal(DicomJsonReason.TooLarge, Assert.Throws<DicomJsonException>(() => DicomJson.Read(tooLong, limits)).Reason);
    }

    [Fact]
    public void An_error_shows_no_values()
    {
        var exception = Assert.Throws<DicomJsonException>(() => Read("""{"00280010":{"vr":"US","Value":["CANARY"]}}"""));
        Assert.DoesNotContain("CANARY", exception.ToString());
        exception = Assert.Throws<DicomJsonException>(() => Read("""{"00100010":{"vr":"PN","Value":[CANARY]}}"""));
        Assert.DoesNotContain("CANARY", exception.ToString());
    }

    [Fact]
    public void Damaged_JSON_is_read_or_refused_never_more()
    {
        var whole = DicomJson.ToUtf8(Samples.EveryVr()).ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<DicomJsonException>(() => Read(whole.AsMemory(0, length)));
        }

        var random = new Random(20_260_131);
        var rounds = LongRun.IsAsked ? 200_000 : 4_000;
        for (var round = 0; round < rounds; round++)
        {
            var damaged = whole.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)(round % 2 == 0 ? random.Next(256) : "{}[]\",:0-.eEnulltrue\\A\t"[random.Next(23)]);
            }

            try
            {
                var read = Read(damaged);
                Assert.True(Read(DicomJson.ToUtf8(read)).Count <= read.Count + 1);
            }
            catch (DicomJsonException)
            {
                // Refused, as it should be.
            }
        }
    }

    private static DataSet Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    private static DataSet Read(ReadOnlyMemory<byte> json) => DicomJson.Read(json, DecodeLimits.Default);

    private static byte[] Nested(int depth) => Encoding.UTF8.GetBytes(
        string.Concat(Enumerable.Repeat("""{"00400275":{"vr":"SQ","Value":[""", depth)) + "{}" + string.Concat(Enumerable.Repeat("]}}", depth)));

    private static byte[] Values(int count) =>
        Encoding.UTF8.GetBytes($$$"""{"00080008":{"vr":"CS","Value":[{{{string.Join(',', Enumerable.Repeat("\"A\"", count))}}}]}}""");
}

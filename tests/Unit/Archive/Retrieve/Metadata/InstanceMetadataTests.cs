using System.Buffers;
using System.Text;
using System.Text.Json;
using Panal.Archive.Retrieve.Metadata;
using Panal.Dicom;
using Panal.Dicom.Json;

namespace Panal.Unit.Archive.Retrieve.Metadata;

public sealed class InstanceMetadataTests
{
    private const string Url = "https://pacs.example/dicom-web/studies/1/series/2/instances/3";

    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("", "")]
    [InlineData("{\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"bulkdata/7FE00010\"}}", "{\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"" + Url + "/bulkdata/7FE00010\"}}")]
    [InlineData("\"BulkDataURI\":\"", "\"BulkDataURI\":\"" + Url + "/")]
    [InlineData("{\"BulkDataURI\":[\"BulkDataURI\"],\"BulkDataURI\":1}", "{\"BulkDataURI\":[\"BulkDataURI\"],\"BulkDataURI\":1}")]
    public void Only_references_get_the_URL_of_the_instance(string json, string expected) => Assert.Equal(expected, Complete(json));

    [Fact]
    public void Nothing_that_stands_in_a_value_is_taken_for_a_reference()
    {
        string[] hostile = ["\"BulkDataURI\":\"bulkdata/7FE00010\"", "BulkDataURI", "\",\"BulkDataURI\":\"x", "\\\"BulkDataURI\\\":\\\"", "\"BulkDataURI\":\""];
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.ImageComments, hostile[0]);
        dataSet.Set(Tags.StudyDescription, hostile[1]);
        dataSet.Set(Tags.SeriesDescription, hostile[2]);
        dataSet.Set(Tags.PatientComments, hostile[3]);
        dataSet.Set(Tags.PatientName, hostile[4]);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[] { 1, 2 });
        var json = DicomJson.ToUtf8(dataSet, static value => value.Tag == Tags.PixelData ? InstanceMetadata.ReferenceOf(value.Path) : null);
        using var completed = JsonDocument.Parse(Complete(Encoding.UTF8.GetString(json)));
        Assert.Equal(Url + "/bulkdata/7FE00010", completed.RootElement.GetProperty("7FE00010").GetProperty("BulkDataURI").GetString());
        Assert.Equal(hostile[0], completed.RootElement.GetProperty("00204000").GetProperty("Value")[0].GetString());
        Assert.Equal(hostile[4], completed.RootElement.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString());
        using var before = JsonDocument.Parse(json);
        Assert.All(before.RootElement.EnumerateObject().Where(static one => one.Name != "7FE00010"), one =>
            Assert.Equal(one.Value.GetRawText(), completed.RootElement.GetProperty(one.Name).GetRawText()));
    }

    private static string Complete(string json)
    {
        var writer = new ArrayBufferWriter<byte>();
        InstanceMetadata.Complete(Encoding.UTF8.GetBytes(json), Encoding.UTF8.GetBytes(Url), writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}

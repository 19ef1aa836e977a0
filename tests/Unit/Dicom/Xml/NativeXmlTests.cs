using System.Text;
using System.Xml;
using System.Xml.Linq;
using Panal.Dicom;
using Panal.Dicom.Xml;

namespace Panal.Unit.Dicom.Xml;

public sealed class NativeXmlTests
{
    private static readonly XNamespace Model = "http://dicom.nema.org/PS3.19/models/NativeDICOM";

    [Fact]
    public void A_data_set_becomes_the_document_of_PS3_19_Annex_A()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        dataSet.Set(Tags.PatientName, "Yamada^Tarou=X=Y");
        dataSet.Set(Tags.ImageType, "ORIGINAL", "PRIMARY");
        dataSet.SetUInt16(Tags.Rows, 512);
        var item = new DataSet();
        item.Set(Tags.CodeValue, "T1");
        dataSet.SetSequence(Tags.ProcedureCodeSequence, [item]);
        dataSet.SetBytes(Tags.PixelData, Vr.OB, new byte[] { 1, 2 });
        var private1 = new Tag(0x0009, 0x0010);
        dataSet.Set(private1, Vr.LO, "ACME");
        dataSet.Set(new Tag(0x0009, 0x1001), Vr.LO, "secret");

        var document = Write(dataSet, value => value.Path == "7FE00010" ? "http://x/bulk" : null);
        Assert.Equal(Model + "NativeDicomModel", document.Root!.Name);
        Assert.Equal(["00080005", "00080008", "00081032", "00090010", "00091001", "00100010", "00280010", "7FE00010"], document.Root.Elements().Select(e => (string)e.Attribute("tag")!));
        Assert.Equal("ISO_IR 192", Attribute(document, "00080005").Value);
        Assert.Equal(["1", "2"], Attribute(document, "00080008").Elements(Model + "Value").Select(v => (string)v.Attribute("number")!));
        var name = Attribute(document, "00100010").Element(Model + "PersonName")!;
        Assert.Equal(("Yamada", "Tarou"), (name.Element(Model + "Alphabetic")!.Element(Model + "FamilyName")!.Value, name.Element(Model + "Alphabetic")!.Element(Model + "GivenName")!.Value));
        Assert.Equal(("X", "Y"), (name.Element(Model + "Ideographic")!.Value, name.Element(Model + "Phonetic")!.Value));
        Assert.Equal("T1", Attribute(document, "00081032").Element(Model + "Item")!.Value);
        Assert.Equal("ACME", (string)Attribute(document, "00091001").Attribute("privateCreator")!);
        Assert.Equal("http://x/bulk", (string)Attribute(document, "7FE00010").Element(Model + "BulkData")!.Attribute("uri")!);
        Assert.Equal("512", Attribute(document, "00280010").Value);
    }

    [Fact]
    public void Characters_that_XML_has_no_place_for_are_replaced_and_markup_stays_text()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.PatientComments, "a\u0001b\u000Bc<script>&\U0001F600");
        Assert.Equal("a\uFFFDb\uFFFDc<script>&\U0001F600", Attribute(Write(dataSet, null), "00104000").Value);
    }

    private static XElement Attribute(XDocument document, string tag) => document.Root!.Elements().Single(e => (string?)e.Attribute("tag") == tag);

    private static XDocument Write(DataSet dataSet, Panal.Dicom.Json.BulkDataReference? bulkData)
    {
        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, NativeXml.Settings))
        {
            NativeXml.Write(dataSet, xml, bulkData);
        }

        return XDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
    }
}

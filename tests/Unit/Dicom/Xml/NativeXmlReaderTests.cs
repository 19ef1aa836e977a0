using System.Text;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.Dicom.Xml;

namespace Panal.Unit.Dicom.Xml;

public sealed class NativeXmlReaderTests
{
    private const string Start = "<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\">", End = "</NativeDicomModel>";

    [Fact]
    public void What_was_written_is_read_again()
    {
        var dataSet = Sample();
        var read = NativeXml.Read(NativeXml.ToUtf8(dataSet), DecodeLimits.Default);
        Assert.True(dataSet.ContentEquals(read));
    }

    [Fact]
    public void References_are_resolved_or_left_out()
    {
        var document = Text("""<DicomAttribute tag="7FE00010" vr="OW"><BulkData uri="here"/></DicomAttribute>""");
        Assert.Empty(NativeXml.Read(document, DecodeLimits.Default));
        var read = NativeXml.Read(document, DecodeLimits.Default, (string uri, Tag _, Vr _, out ReadOnlyMemory<byte> value) =>
        {
            value = Encoding.ASCII.GetBytes(uri);
            return true;
        });
        Assert.True(read.TryGet(Tags.PixelData, out var pixels));
        Assert.Equal("here"u8.ToArray(), pixels.Value.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("<x/>")]
    [InlineData("<!DOCTYPE NativeDicomModel [<!ENTITY a 'b'>]><NativeDicomModel>&a;</NativeDicomModel>")]
    [InlineData("<!DOCTYPE NativeDicomModel SYSTEM 'file:///etc/passwd'><NativeDicomModel/>")]
    [InlineData("<NativeDicomModel><DicomAttribute/></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='0010'/></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='0010001X' vr='LO'/></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100010' vr='XX'/></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100010' vr='PN'>text</DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100020' vr='LO'><Value number='2'>x</Value></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100020' vr='LO'><Value><b/></Value></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100020' vr='LO'><Value>x</Value><BulkData uri='y'/></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100020' vr='LO'><BulkData/></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100010' vr='PN'><PersonName><Roman/></PersonName></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00280010' vr='US'><Value>many</Value></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='7FE00010' vr='OW'><InlineBinary>?</InlineBinary></DicomAttribute></NativeDicomModel>")]
    [InlineData("<NativeDicomModel><DicomAttribute tag='00100020' vr='LO'/><DicomAttribute tag='00100020' vr='LO'/></NativeDicomModel>")]
    public void What_is_no_data_set_is_refused(string document) =>
        Assert.Throws<DicomJsonException>(() => NativeXml.Read(Encoding.UTF8.GetBytes(document), DecodeLimits.Default));

    [Fact]
    public void Depth_and_length_have_limits()
    {
        var open = string.Concat(Enumerable.Repeat("<DicomAttribute tag=\"00081032\" vr=\"SQ\"><Item>", 10_000));
        var close = string.Concat(Enumerable.Repeat("</Item></DicomAttribute>", 10_000));
        Assert.Equal(DicomJsonReason.NestedTooDeep, Assert.Throws<DicomJsonException>(() => NativeXml.Read(Text(open + close), DecodeLimits.Default)).Reason);
        Assert.Equal(DicomJsonReason.TooLarge, Assert.Throws<DicomJsonException>(() => NativeXml.Read(Text(""), DecodeLimits.Default with { MaximumDataSetLengthBytes = Start.Length })).Reason);
    }

    [Fact]
    public void Damage_anywhere_is_read_or_refused_and_never_anything_else()
    {
        var document = NativeXml.ToUtf8(Sample()).ToArray();
        for (var length = 0; length < document.Length; length++)
        {
            Assert.Throws<DicomJsonException>(() => NativeXml.Read(document.AsMemory(0, length), DecodeLimits.Default));
        }

        for (var at = 0; at < document.Length; at++)
        {
            foreach (var bits in (ReadOnlySpan<byte>)[0x01, 0x20, 0x80])
            {
                document[at] ^= bits;
                try
                {
                    NativeXml.Read(document, DecodeLimits.Default);
                }
                catch (DicomJsonException)
                {
                    // That is what it may do.
                }

                document[at] ^= bits;
            }
        }
    }

    private static DataSet Sample()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.ImageType, "ORIGINAL", "", "AXIAL");
        dataSet.Set(Tags.PatientName, "Müller^Eva^^Dr.=X^Y=Z");
        dataSet.SetEmpty(Tags.PatientID);
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.Set(Tags.PixelSpacing, "0.5", "0.25");
        var item = new DataSet();
        item.Set(Tags.CodeValue, "T1");
        dataSet.SetSequence(Tags.ProcedureCodeSequence, [item, new DataSet()]);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[] { 1, 2, 3, 4 });
        return dataSet;
    }

    private static byte[] Text(string attributes) => Encoding.UTF8.GetBytes(Start + attributes + End);
}

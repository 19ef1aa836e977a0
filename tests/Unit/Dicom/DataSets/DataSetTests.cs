using Panal.Dicom;

namespace Panal.Unit.Dicom.DataSets;

public sealed class DataSetTests
{
    [Fact]
    public void Elements_stay_in_order_of_their_tags()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.StudyInstanceUID, "1.2.3");
        dataSet.Set(Tags.PatientID, "X");
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.Set(Tags.Modality, "CT");
        dataSet.Set(Tags.PatientID, "Y");
        Assert.Equal([Tags.Modality, Tags.PatientID, Tags.StudyInstanceUID, Tags.Rows], dataSet.Select(element => element.Tag));
        Assert.Equal("Y", dataSet.GetString(Tags.PatientID));
        Assert.True(dataSet.Remove(Tags.PatientID));
        Assert.False(dataSet.Remove(Tags.PatientID));
        Assert.False(dataSet.Contains(Tags.PatientID));
        Assert.Equal(3, dataSet.Count);
    }

    [Fact]
    public void Strings_lose_their_padding_and_split_at_backslashes()
    {
        var dataSet = new DataSet();
        dataSet.SetBytes(Tags.ImageType, Vr.CS, "ORIGINAL \\PRIMARY\\ \\AXIAL "u8.ToArray());
        Assert.Equal("ORIGINAL", dataSet.GetString(Tags.ImageType));
        Assert.Equal(["ORIGINAL", "PRIMARY", "", "AXIAL"], dataSet.GetStrings(Tags.ImageType));
        dataSet.SetBytes(Tags.StudyInstanceUID, Vr.UI, "1.2.3\0"u8.ToArray());
        Assert.Equal("1.2.3", dataSet.GetString(Tags.StudyInstanceUID));
        dataSet.Set(Tags.ImageComments, "a\\b");
        Assert.Equal("a\\b", dataSet.GetString(Tags.ImageComments));
        dataSet.SetBytes(Tags.AccessionNumber, Vr.SH, "  "u8.ToArray());
        Assert.Null(dataSet.GetString(Tags.AccessionNumber));
        Assert.Empty(dataSet.GetStrings(Tags.AccessionNumber));
        Assert.Null(dataSet.GetString(Tags.PatientID));
    }

    [Fact]
    public void Numbers_come_from_any_numeric_vr()
    {
        var dataSet = new DataSet();
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.Set(Tags.InstanceNumber, " 42 ");
        dataSet.Set(Tags.SliceThickness, "1.5", "2");
        dataSet.SetDouble(Tags.EventTimeOffset, -3.25);
        dataSet.SetInt64(new Tag(0x0072, 0x0082), long.MinValue);
        Assert.Equal((ushort)512, dataSet.GetUInt16(Tags.Rows));
        Assert.Equal(42, dataSet.GetInt32(Tags.InstanceNumber));
        Assert.Equal(1.5, dataSet.GetDouble(Tags.SliceThickness));
        Assert.Null(dataSet.GetInt32(Tags.SliceThickness));
        Assert.Equal(-3.25, dataSet.GetDouble(Tags.EventTimeOffset));
        Assert.Equal(long.MinValue, dataSet.GetInt64(new Tag(0x0072, 0x0082)));
        Assert.Null(dataSet.GetInt32(new Tag(0x0072, 0x0082)));
        Assert.Equal("512", dataSet.GetString(Tags.Rows));
        Assert.Null(dataSet.GetInt32(Tags.Columns));
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("abc")]
    [InlineData("")]
    public void Odd_decimal_strings_are_no_numbers(string text)
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SliceThickness, text);
        Assert.Null(dataSet.GetDouble(Tags.SliceThickness));
        Assert.Null(dataSet.GetInt64(Tags.SliceThickness));
    }

    [Fact]
    public void Values_shorter_than_their_unit_are_no_numbers()
    {
        var dataSet = new DataSet();
        dataSet.SetBytes(Tags.Rows, Vr.US, new byte[1]);
        dataSet.SetBytes(Tags.EventTimeOffset, Vr.FD, new byte[7]);
        Assert.Null(dataSet.GetUInt16(Tags.Rows));
        Assert.Null(dataSet.GetDouble(Tags.EventTimeOffset));
        Assert.Null(dataSet.GetString(Tags.Rows));
        Assert.Empty(dataSet.GetStrings(Tags.Rows));
    }

    [Fact]
    public void Text_follows_the_character_set_and_items_inherit_it()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.PatientName, "Núñez^José");
        var item = new DataSet();
        dataSet.SetSequence(Tags.RequestAttributesSequence, [item]);
        item.Set(Tags.RequestedProcedureDescription, "Tórax");
        Assert.Equal("Núñez^José", dataSet.GetString(Tags.PatientName));
        Assert.True(dataSet.TryGet(Tags.PatientName, out var name));
        Assert.Equal("Núñez^José "u8.ToArray(), name.Value.ToArray());
        Assert.Equal("Tórax", dataSet.GetSequence(Tags.RequestAttributesSequence)[0].GetString(Tags.RequestedProcedureDescription));

        var latin = dataSet.WithCharacterSets("ISO_IR 100");
        Assert.Equal("Núñez^José", latin.GetString(Tags.PatientName));
        Assert.True(latin.TryGet(Tags.PatientName, out name));
        Assert.Equal(10, name.Value.Length);
        Assert.Equal("Tórax", latin.GetSequence(Tags.RequestAttributesSequence)[0].GetString(Tags.RequestedProcedureDescription));
    }

    [Fact]
    public void A_public_element_that_came_as_un_is_read_by_the_dictionary()
    {
        var dataSet = new DataSet();
        dataSet.SetBytes(Tags.PatientID, Vr.UN, "ABC "u8.ToArray());
        dataSet.SetBytes(Tags.Rows, Vr.UN, new byte[] { 0, 2 });
        byte[] items = [0xFE, 0xFF, 0x00, 0xE0, 12, 0, 0, 0, 0x08, 0, 0x60, 0, 4, 0, 0, 0, (byte)'C', (byte)'T', (byte)' ', (byte)' '];
        dataSet.SetBytes(Tags.ReferencedSeriesSequence, Vr.UN, items);
        Assert.Equal("ABC", dataSet.GetString(Tags.PatientID));
        Assert.Equal((ushort)512, dataSet.GetUInt16(Tags.Rows));
        Assert.Equal("CT", Assert.Single(dataSet.GetSequence(Tags.ReferencedSeriesSequence)).GetString(Tags.Modality));
    }

    [Fact]
    public void No_text_of_a_data_set_shows_values()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.PatientName, "CANARY");
        Assert.DoesNotContain("CANARY", dataSet.ToString());
        Assert.DoesNotContain("CANARY", dataSet.Elements[0].ToString());
    }
}

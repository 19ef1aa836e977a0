using Panal.Dicom;

namespace Panal.Unit.Dicom;

/// <summary>Data sets that several tests need.</summary>
internal static class Samples
{
    /// <summary>One element at least of every VR, private ones and nested sequences.</summary>
    public static DataSet EveryVr()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.ImageType, "ORIGINAL", "PRIMARY");
        dataSet.Set(Tags.SOPClassUID, Uids.CTImageStorage);
        dataSet.Set(Tags.StudyDate, "20260131");
        dataSet.Set(Tags.StudyTime, "235959.999");
        dataSet.Set(Tags.AcquisitionDateTime, "20260131235959");
        dataSet.Set(Tags.AccessionNumber, "A-1");
        dataSet.Set(Tags.RetrieveAETitle, "PANAL");
        dataSet.Set(Tags.RetrieveURL, "https://example.org/x");
        dataSet.Set(Tags.InstitutionAddress, "Calle Mayor 1\\3");
        dataSet.Set(Tags.StudyDescription, "Tórax");
        dataSet.Set(Tags.LongCodeValue, "a very long code");
        dataSet.Set(Tags.TextValue, "Señal");
        dataSet.Set(Tags.PatientName, "Núñez^José");
        dataSet.Set(Tags.PatientID, "4711");
        dataSet.Set(Tags.PatientAge, "042Y");
        dataSet.Set(Tags.PatientComments, "No comment");
        dataSet.Set(Tags.SliceThickness, "1.25");
        dataSet.Set(Tags.InstanceNumber, "7");
        dataSet.SetDouble(Tags.EventTimeOffset, Math.PI);
        dataSet.SetSingle(Tags.ExaminedBodyThickness, 2.5f);
        dataSet.SetTags(Tags.FrameIncrementPointer, Tags.FrameTime, Tags.FrameTimeVector);
        dataSet.SetUInt16(Tags.Rows, 2);
        dataSet.SetUInt16(Tags.BitsAllocated, 16);
        dataSet.SetUInt16(Tags.PixelRepresentation, 1);
        dataSet.SetInt16(Tags.SmallestImagePixelValue, -1024);
        dataSet.SetUInt32(Tags.RegionLocationMinX0, 0x01020304);
        dataSet.SetInt32(Tags.ReferencePixelX0, -5);
        dataSet.SetInt64(Tags.SelectorSVValue, -6, 7);
        dataSet.SetUInt64(Tags.SelectorUVValue, ulong.MaxValue);
        dataSet.SetBytes(Tags.SelectorUNValue, Vr.UN, new byte[] { 1, 2, 3, 4 });
        dataSet.SetBytes(Tags.ICCProfile, Vr.OB, new byte[] { 5, 6, 7, 8 });
        dataSet.SetSingle(Tags.FloatPixelData, 1f, -2f);
        dataSet.SetDouble(Tags.DoubleFloatPixelData, 1d, -2d);
        dataSet.SetUInt32(Tags.TrackPointIndexList, 9, 10);
        dataSet.SetUInt64(Tags.ExtendedOffsetTable, 0, 512);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[] { 1, 2, 3, 4 });
        dataSet.Set(new Tag(0x0029, 0x0010), "SIEMENS CSA HEADER");
        dataSet.SetBytes(new Tag(0x0029, 0x1010), Vr.OB, new byte[] { 9, 9 });
        dataSet.SetSequence(Tags.RequestAttributesSequence, [Item(2), new DataSet(), Item(0)]);
        dataSet.SetSequence(Tags.ReferencedSeriesSequence, []);
        return dataSet;
    }

    private static DataSet Item(int depth)
    {
        var item = new DataSet();
        item.Set(Tags.RequestedProcedureID, "P" + depth);
        item.SetUInt16(Tags.Columns, 0x1234);
        if (depth > 0)
        {
            item.SetSequence(Tags.RequestedProcedureCodeSequence, [Item(depth - 1)]);
        }

        return item;
    }
}

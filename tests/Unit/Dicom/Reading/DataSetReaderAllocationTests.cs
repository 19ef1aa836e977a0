using Panal.Dicom;

namespace Panal.Unit.Dicom.Reading;

/// <summary>What reading costs; measured while nothing else runs.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class DataSetReaderAllocationTests
{
    [Fact]
    public void Reading_allocates_nothing_once_its_memory_has_grown()
    {
        var bytes = DataSetReaderTests.Encode(Samples.EveryVr(), TransferSyntax.ImplicitVrLittleEndian);
        var reader = new DataSetReader(TransferSyntax.ImplicitVrLittleEndian, DecodeLimits.Default);
        DataSetReaderTests.Drain(reader, bytes);
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var round = 0; round < 100; round++)
            {
                reader.Reset(TransferSyntax.ImplicitVrLittleEndian, bytes.Length);
                DataSetReaderTests.Drain(reader, bytes);
            }
        }));
    }
}

using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Transcoding;

namespace Panal.Unit.Imaging.Transcoding;

public sealed class CodecMeasurementTests
{
    [Fact]
    public async Task Every_lossless_codec_is_measured_on_every_frame_and_what_is_no_image_is_left_out()
    {
        var measurement = new CodecMeasurement(TimeProvider.System, ImageLimits.Default);
        var images = new Images { Frames = 2, Layout = new(64, 64, 1, 16, 12) };
        var file = new System.Buffers.ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3", TransferSyntax.ExplicitVrLittleEndian, file);
        System.Buffers.BuffersExtensions.Write(file, images.Native(TransferSyntax.ExplicitVrLittleEndian));
        await measurement.AddAsync(new MemoryStream(file.WrittenSpan.ToArray()), TestContext.Current.CancellationToken);
        await measurement.AddAsync(new MemoryStream(new byte[400]), TestContext.Current.CancellationToken);

        Assert.Equal((1, 2, 1, 2 * images.Layout.LengthBytes), (measurement.Images, measurement.Frames, measurement.LeftOut, measurement.SampleBytes));
        Assert.Equal(5, measurement.Results.Count);
        Assert.All(measurement.Results, result => Assert.Equal(2, result.Frames));
        Assert.True(measurement.Results[0].Ratio > 1);
        Assert.Equal(measurement.Results.Select(result => result.Ratio).OrderDescending(), measurement.Results.Select(result => result.Ratio));
    }
}

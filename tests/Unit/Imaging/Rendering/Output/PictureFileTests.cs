using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Output;

namespace Panal.Unit.Imaging.Rendering.Output;

public sealed class PictureFileTests
{
    [Fact]
    public void A_PNG_holds_exactly_the_pixels()
    {
        var grey = new RenderedFrame(3, 2, 1, [1, 2, 3, 250, 251, 252]);
        Assert.Equal(grey.Samples, Gathered(PictureFile.Encode(grey, PictureFormat.Png, 90), colourType: 0, channels: 1));
        var colour = new RenderedFrame(2, 1, 3, [255, 0, 7, 8, 9, 10]);
        Assert.Equal(colour.Samples, Gathered(PictureFile.Encode(colour, PictureFormat.Png, 90), colourType: 2, channels: 3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_JPEG_of_high_quality_is_near_the_pixels(int channels)
    {
        var frame = new RenderedFrame(32, 16, channels, [.. Enumerable.Range(0, 32 * 16).SelectMany(i => Enumerable.Repeat((byte)(i % 32 * 4), channels))]);
        var file = PictureFile.Encode(frame, PictureFormat.Jpeg, 100);
        var layout = JpegDecoder.Instance.ReadLayout(file, CodecLimits.Default)!.Value;
        Assert.Equal((32, 16, channels), (layout.Width, layout.Height, layout.Components));
        var decoded = new byte[layout.LengthBytes];
        JpegDecoder.Instance.Decode(file, layout, decoded, CodecLimits.Default);

        // Of three components the first is the brightness, which is that of grey.
        Assert.All(Enumerable.Range(0, 32 * 16), i => Assert.InRange(decoded[i * channels], frame.Samples[i * channels] - 3, frame.Samples[i * channels] + 3));
    }

    [Fact]
    public void Less_quality_takes_less_room()
    {
        var frame = new RenderedFrame(64, 64, 1, [.. Enumerable.Range(0, 64 * 64).Select(i => (byte)(i * 37 % 251))]);
        Assert.True(PictureFile.Encode(frame, PictureFormat.Jpeg, 10).Length < PictureFile.Encode(frame, PictureFormat.Jpeg, 95).Length / 2);
    }

    /// <summary>Reads a PNG by ISO/IEC 15948: chunks, then lines with the filters None, Sub, Up, Average or Paeth.</summary>
    internal static byte[] Gathered(byte[] file, byte colourType, int channels)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8]);
        var (at, data, width, height) = (8, new MemoryStream(), 0, 0);
        while (at < file.Length)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            var kind = Encoding.ASCII.GetString(file, at + 4, 4);
            var chunk = file.AsSpan(at + 8, length);
            if (kind == "IHDR")
            {
                (width, height) = (BinaryPrimitives.ReadInt32BigEndian(chunk), BinaryPrimitives.ReadInt32BigEndian(chunk[4..]));
                Assert.Equal((8, colourType), (chunk[8], chunk[9]));
            }
            else if (kind == "IDAT")
            {
                data.Write(chunk);
            }

            at += length + 12;
        }

        data.Position = 0;
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionMode.Decompress))
        {
            zlib.CopyTo(inflated);
        }

        return Unfiltered(inflated.ToArray(), width * channels, height, channels);
    }

    private static byte[] Unfiltered(byte[] lines, int rowBytes, int height, int step)
    {
        var pixels = new byte[rowBytes * height];
        for (var row = 0; row < height; row++)
        {
            var filter = lines[row * (rowBytes + 1)];
            for (var i = 0; i < rowBytes; i++)
            {
                var left = i >= step ? pixels[(row * rowBytes) + i - step] : 0;
                var up = row > 0 ? pixels[((row - 1) * rowBytes) + i] : 0;
                var corner = row > 0 && i >= step ? pixels[((row - 1) * rowBytes) + i - step] : 0;
                var guess = filter switch { 0 => 0, 1 => left, 2 => up, 3 => (left + up) / 2, _ => Paeth(left, up, corner) };
                pixels[(row * rowBytes) + i] = (byte)(lines[(row * (rowBytes + 1)) + 1 + i] + guess);
            }
        }

        return pixels;
    }

    private static int Paeth(int left, int up, int corner)
    {
        var (toLeft, toUp, toCorner) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}

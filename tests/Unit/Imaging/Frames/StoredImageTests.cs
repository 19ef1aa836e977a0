using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Frames;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Imaging.Frames;

public sealed class StoredImageTests
{
    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(true, false, 1)]
    [InlineData(true, false, 3)]
    [InlineData(false, true, 3)]
    [InlineData(false, false, 3)]
    public void Frames_are_found_by_each_table_by_their_number_and_by_their_first_marker(bool basic, bool extended, int fragments)
    {
        var images = new Images { Frames = 4, HasBasicTable = basic, HasExtendedTable = extended, FragmentsPerFrame = fragments };
        var bytes = images.Encapsulated(Uids.JPEGLSLossless, JpegLsEncoder.Lossless);
        var image = Read(bytes, Uids.JPEGLSLossless);
        for (var frame = 0; frame < 4; frame++)
        {
            var pieces = image.FragmentsOf(frame);
            Assert.Equal(fragments, pieces.Count);
            var joined = pieces.SelectMany(piece => bytes.AsSpan((int)piece.Offset, piece.LengthBytes).ToArray()).ToArray();
            var expected = Hostile.Encode(JpegLsEncoder.Lossless, images.Samples[frame], images.Layout);
            Assert.Equal(expected, joined.AsSpan(0, expected.Length));
        }
    }

    [Fact]
    public void A_table_that_points_between_fragments_is_not_believed()
    {
        var images = new Images { Frames = 3, HasBasicTable = true };
        var bytes = images.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        var right = Read(bytes, Uids.RLELossless);

        // The table begins behind the header of its item; its second offset is made wrong.
        var table = (int)right.FragmentsOf(0)[0].Offset - 8 - 12;
        bytes[table + 4] ^= 2;
        var wrong = Read(bytes, Uids.RLELossless);
        Assert.Equal(Enumerable.Range(0, 3).Select(right.FragmentsOf), Enumerable.Range(0, 3).Select(wrong.FragmentsOf));
    }

    [Fact]
    public void All_fragments_of_a_single_frame_are_its_own_whatever_the_table_says()
    {
        var bytes = new Images { FragmentsPerFrame = 5, HasBasicTable = true }.Encapsulated(Uids.JPEGLSLossless, JpegLsEncoder.Lossless);
        Assert.Equal(5, Read(bytes, Uids.JPEGLSLossless).FragmentsOf(0).Count);
    }

    [Fact]
    public void Native_frames_follow_each_other_and_what_stands_behind_is_kept()
    {
        var images = new Images { Frames = 3, HasTrailing = true };
        var bytes = images.Native(TransferSyntax.ImplicitVrLittleEndian);
        var image = Read(bytes, Uids.ImplicitVRLittleEndian);
        for (var frame = 0; frame < 3; frame++)
        {
            var piece = Assert.Single(image.FragmentsOf(frame));
            Assert.Equal(images.Samples[frame], bytes.AsSpan((int)piece.Offset, piece.LengthBytes));
        }

        Assert.True(image.Trailing.Contains(new Tag(0xFFFC, 0xFFFC)));
        Assert.False(image.Attributes.Contains(Tags.PixelData));
    }

    [Fact]
    public void Fewer_fragments_than_frames_and_too_few_bytes_are_refused()
    {
        var encapsulated = new Images { Frames = 2 }.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        var native = new Images { Frames = 2 }.Native(TransferSyntax.ExplicitVrLittleEndian);
        Replace(encapsulated, "2 "u8, "3 "u8);
        Replace(native, "2 "u8, "3 "u8);
        Assert.Equal(ImageFault.Damaged, Assert.Throws<ImageException>(() => Read(encapsulated, Uids.RLELossless)).Fault);
        Assert.Equal(ImageFault.Damaged, Assert.Throws<ImageException>(() => Read(native, Uids.ExplicitVRLittleEndian)).Fault);
    }

    [Fact]
    public void Limits_are_kept()
    {
        var bytes = new Images { Frames = 3, FragmentsPerFrame = 2 }.Encapsulated(Uids.JPEGLSLossless, JpegLsEncoder.Lossless);
        Assert.Equal(2, Read(bytes, Uids.JPEGLSLossless, ImageLimits.Default with { Fragments = 6 }).FragmentsOf(2).Count);
        Assert.Equal(ImageFault.LimitExceeded, FaultWith(ImageLimits.Default with { Fragments = 5 }));
        Assert.Equal(ImageFault.LimitExceeded, FaultWith(ImageLimits.Default with { Fragments = 2 }));
        Assert.Equal(ImageFault.LimitExceeded, FaultWith(ImageLimits.Default with { Codec = new() { Width = 36 } }));

        ImageFault FaultWith(ImageLimits limits) => Assert.Throws<ImageException>(() => Read(bytes, Uids.JPEGLSLossless, limits)).Fault;
    }

    [Fact]
    public void Every_truncation_and_every_flipped_byte_ends_in_an_image_or_in_a_typed_refusal()
    {
        var bytes = new Images { Layout = new(5, 4, 1, 8, 8), Frames = 2, HasBasicTable = true, HasTrailing = true }.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        var read = 0;
        for (var length = 0; length < bytes.Length; length++)
        {
            read += IsRead(bytes[..length]) ? 1 : 0;
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (byte flip in (byte[])[0xFF, 0x01, 0x80])
            {
                bytes[at] ^= flip;
                read += IsRead(bytes) ? 1 : 0;
                bytes[at] ^= flip;
            }
        }

        Assert.InRange(read, 1, bytes.Length * 4);

        static bool IsRead(byte[] bytes)
        {
            try
            {
                return Read(bytes, Uids.RLELossless).Attributes.Count >= 0;
            }
            catch (ImageException)
            {
                return false;
            }
        }
    }

    private static StoredImage Read(byte[] bytes, string syntaxUid, ImageLimits? limits = null) =>
        StoredImage.Read(new MemoryStream(bytes), TransferSyntax.ForUid(syntaxUid), limits ?? ImageLimits.Default);

    /// <summary>Changes the value of Number of Frames, which is the first such text behind its header.</summary>
    private static void Replace(byte[] bytes, ReadOnlySpan<byte> old, ReadOnlySpan<byte> value)
    {
        var header = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x28, 0, 8, 0, (byte)'I', (byte)'S']);
        Assert.True(bytes.AsSpan(header + 8, 2).SequenceEqual(old));
        value.CopyTo(bytes.AsSpan(header + 8));
    }
}

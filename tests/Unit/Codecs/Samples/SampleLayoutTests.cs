using Panal.Codecs;
using Panal.Codecs.Samples;

namespace Panal.Unit.Codecs.Samples;

public sealed class SampleLayoutTests
{
    [Fact]
    public void Impossible_numbers_and_frames_above_the_limits_are_refused_by_kind()
    {
        Assert.Equal(CodecFault.Malformed, Fault(new(0, 1, 1, 8, 8)));
        Assert.Equal(CodecFault.Malformed, Fault(new(1, -1, 1, 8, 8)));
        Assert.Equal(CodecFault.Malformed, Fault(new(1, 1, 5, 8, 8)));
        Assert.Equal(CodecFault.Unsupported, Fault(new(1, 1, 1, 12, 12)));
        Assert.Equal(CodecFault.Unsupported, Fault(new(1, 1, 1, 8, 9)));
        Assert.Equal(CodecFault.Unsupported, Fault(new(1, 1, 1, 8, 0)));
        Assert.Equal(CodecFault.LimitExceeded, Fault(new(65_536, 1, 1, 8, 8)));
        Assert.Equal(CodecFault.LimitExceeded, Fault(new(65_535, 65_535, 3, 16, 16)));
        Assert.Equal(CodecFault.LimitExceeded, Fault(new(100, 100, 1, 8, 8), new() { FrameLengthBytes = 9_999 }));
        new SampleLayout(100, 100, 1, 8, 8).Check(new() { FrameLengthBytes = 10_000 });
    }

    [Fact]
    public void Length_counts_packed_bits_and_does_not_overflow()
    {
        Assert.Equal(2, new SampleLayout(3, 3, 1, 1, 1).LengthBytes);
        Assert.Equal(65_535L * 65_535 * 4 * 4, new SampleLayout(65_535, 65_535, 4, 32, 32).LengthBytes);
    }

    [Fact]
    public void Rows_are_read_and_written_in_every_layout_with_their_sign()
    {
        foreach (var (planar, allocated) in new[] { (false, 8), (true, 8), (false, 16), (true, 16) })
        {
            var layout = new SampleLayout(3, 2, 3, allocated, 5, IsSigned: true, planar);
            var bytes = new byte[layout.LengthBytes];
            SampleRows.Write(layout, bytes, 2, 1, [0x0F, 0x10, 0x1F], 5);
            Assert.Equal([15, -16, -1], Enumerable.Range(0, 3).Select(x => (int)Support.Frames.Get(layout, bytes, 2, x, 1)));
            var back = new ushort[3];
            SampleRows.Read(layout, bytes, 2, 1, back, 5);
            Assert.Equal([0x0F, 0x10, 0x1F], back);
        }
    }

    private static CodecFault Fault(SampleLayout layout, CodecLimits? limits = null) =>
        Assert.Throws<CodecException>(() => layout.Check(limits ?? CodecLimits.Default)).Fault;
}

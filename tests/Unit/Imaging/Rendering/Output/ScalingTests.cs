using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Output;

namespace Panal.Unit.Imaging.Rendering.Output;

public sealed class ScalingTests
{
    private static RenderedFrame Four { get; } = new(4, 2, 1, [0, 10, 20, 30, 40, 50, 60, 70]);

    [Fact]
    public void A_smaller_pixel_is_the_mean_of_those_it_covers() =>
        Assert.Equal([25, 45], Scaling.To(Four, 2, 1).Samples);

    [Fact]
    public void Colours_do_not_mix() =>
        Assert.Equal([5, 100, 200], Scaling.To(new RenderedFrame(2, 1, 3, [0, 100, 200, 10, 100, 200]), 1, 1).Samples);

    [Fact]
    public void A_larger_frame_keeps_its_corners_and_lies_between() =>
        Assert.Equal([0, 25, 75, 100], Scaling.To(new RenderedFrame(2, 1, 1, [0, 100]), 4, 1).Samples);

    [Fact]
    public void A_viewport_keeps_the_proportions()
    {
        var fitted = Scaling.Fit(Four, new Viewport(100, 100));
        Assert.Equal((100, 50), (fitted.Width, fitted.Height));
        fitted = Scaling.Fit(Four, new Viewport(100, 10));
        Assert.Equal((20, 10), (fitted.Width, fitted.Height));
    }

    [Fact]
    public void A_viewport_cuts_out_a_part_and_mirrors_it()
    {
        var viewport = new Viewport(2, 1) { Left = 1, Top = 1, Columns = 2, Rows = 1 };
        Assert.Equal([50, 60], Scaling.Fit(Four, viewport).Samples);
        Assert.Equal([60, 50], Scaling.Fit(Four, viewport with { Columns = -2 }).Samples);
        Assert.Equal([40, 50, 60, 70, 0, 10, 20, 30], Scaling.Fit(Four, new Viewport(4, 2) { Rows = -2 }).Samples);
    }

    [Fact]
    public void A_part_beyond_the_image_ends_at_its_edge() =>
        Assert.Equal([70], Scaling.Fit(Four, new Viewport(1, 1) { Left = 3, Top = 1, Columns = 500, Rows = 500 }).Samples);

    [Fact]
    public void A_quarter_turn_goes_clockwise()
    {
        var turned = Turning.Quarter(Four);
        Assert.Equal((2, 4), (turned.Width, turned.Height));
        Assert.Equal([40, 0, 50, 10, 60, 20, 70, 30], turned.Samples);
    }
}

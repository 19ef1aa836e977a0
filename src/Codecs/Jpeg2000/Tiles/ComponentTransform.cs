namespace Panal.Codecs.Jpeg2000.Tiles;

/// <summary>The transform of the first three components together (T.800 Annex G).</summary>
internal static class ComponentTransform
{
    /// <summary>Transforms three components together without loss (T.800 §G.2.1).</summary>
    internal static void Apply(Span<int> red, Span<int> green, Span<int> blue)
    {
        for (var i = 0; i < red.Length; i++)
        {
            var (r, g, b) = (red[i], green[i], blue[i]);
            (red[i], green[i], blue[i]) = ((r + (2 * g) + b) >> 2, b - g, r - g);
        }
    }

    /// <summary>The norm of what one unit of a component, transformed without loss, makes of the three: (1, 1, 1) or a turn of (-1/4, -1/4, 3/4).</summary>
    internal static double Norm(int component) => Math.Sqrt(component == 0 ? 3 : 11 / 16.0);

    /// <summary>Turns what was transformed together into the components that were encoded.</summary>
    /// <exception cref="CodecException">There are fewer than three components, or they differ.</exception>
    internal static void Invert(ReadOnlySpan<ComponentPlane> planes)
    {
        if (planes.Length < 3 || planes[1].Area != planes[0].Area || planes[2].Area != planes[0].Area
            || planes[1].Style.IsReversible != planes[0].Style.IsReversible || planes[2].Style.IsReversible != planes[0].Style.IsReversible)
        {
            throw new CodecException(CodecFault.Malformed, "Components that differ were transformed together.");
        }

        if (planes[0].Style.IsReversible)
        {
            var first = planes[0].Values;
            var second = planes[1].Values;
            var third = planes[2].Values;
            for (var i = 0; i < first.Length; i++)
            {
                var (y, u, v) = (first[i], second[i], third[i]);
                var green = y - ((u + v) >> 2);
                (first[i], second[i], third[i]) = (v + green, green, u + green);
            }

            return;
        }

        var luma = planes[0].Fractions;
        var blue = planes[1].Fractions;
        var red = planes[2].Fractions;
        for (var i = 0; i < luma.Length; i++)
        {
            var (y, cb, cr) = (luma[i], blue[i], red[i]);
            (luma[i], blue[i], red[i]) = (y + (1.402f * cr), y - (0.344136f * cb) - (0.714136f * cr), y + (1.772f * cb));
        }
    }
}

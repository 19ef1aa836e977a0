namespace Panal.Imaging.Rendering.Output;

/// <summary>Rendered frames in another size: the mean of all that falls into a pixel when they shrink, lines between when they grow.</summary>
internal static class Scaling
{
    /// <summary>Cuts out the part that is wanted and fits it into the rectangle, keeping its proportions.</summary>
    internal static RenderedFrame Fit(RenderedFrame from, Viewport viewport)
    {
        var left = Math.Clamp((int)Math.Round(viewport.Left), 0, from.Width - 1);
        var top = Math.Clamp((int)Math.Round(viewport.Top), 0, from.Height - 1);
        var width = Math.Clamp((int)Math.Round(Math.Abs(viewport.Columns ?? from.Width)), 1, from.Width - left);
        var height = Math.Clamp((int)Math.Round(Math.Abs(viewport.Rows ?? from.Height)), 1, from.Height - top);
        var part = (left, top, width, height) == (0, 0, from.Width, from.Height) ? from : Turning.Crop(from, left, top, width, height);
        part = viewport.Columns < 0 ? Turning.Mirror(part) : part;
        part = viewport.Rows < 0 ? Turning.Overturn(part) : part;
        var scale = Math.Min((double)viewport.Width / width, (double)viewport.Height / height);
        return To(part, Math.Clamp((int)Math.Round(width * scale), 1, viewport.Width), Math.Clamp((int)Math.Round(height * scale), 1, viewport.Height));
    }

    /// <summary>The frame in a size.</summary>
    internal static RenderedFrame To(RenderedFrame from, int width, int height)
    {
        if ((width, height) == (from.Width, from.Height))
        {
            return from;
        }

        // Along the rows first, into numbers of a higher precision, then along the columns.
        var columns = Weights(from.Width, width);
        var rows = Weights(from.Height, height);
        var narrow = new float[from.Height * width * from.Channels];
        for (var row = 0; row < from.Height; row++)
        {
            var source = from.Samples.AsSpan(row * from.Width * from.Channels, from.Width * from.Channels);
            var target = narrow.AsSpan(row * width * from.Channels, width * from.Channels);
            for (var i = 0; i < target.Length; i++)
            {
                var (column, channel) = (i / from.Channels, i % from.Channels);
                var (first, weights) = columns[column];
                var sum = 0f;
                for (var k = 0; k < weights.Length; k++)
                {
                    sum += weights[k] * source[((first + k) * from.Channels) + channel];
                }

                target[i] = sum;
            }
        }

        var scaled = RenderedFrame.Black(width, height, from.Channels);
        var rowLength = width * from.Channels;
        for (var row = 0; row < height; row++)
        {
            var (first, weights) = rows[row];
            for (var i = 0; i < rowLength; i++)
            {
                var sum = 0f;
                for (var k = 0; k < weights.Length; k++)
                {
                    sum += weights[k] * narrow[((first + k) * rowLength) + i];
                }

                scaled.Samples[(row * rowLength) + i] = (byte)Math.Clamp((int)Math.Round(sum), 0, 255);
            }
        }

        return scaled;
    }

    /// <summary>For each new pixel the first old one that counts, and how much each counts; the weights of a pixel add up to 1.</summary>
    private static (int First, float[] Weights)[] Weights(int from, int to)
    {
        var step = (double)from / to;
        var reach = Math.Max(1, step);
        var all = new (int, float[])[to];
        for (var i = 0; i < to; i++)
        {
            // Old pixels within the reach of the new one's centre, the nearer the more: a triangle when it grows, an area when it shrinks.
            var center = (i + 0.5) * step;
            var (low, high) = step > 1 ? (center - (step / 2), center + (step / 2)) : (center - reach, center + reach);
            var first = Math.Max(0, (int)Math.Floor(low));
            var last = Math.Min(from - 1, (int)Math.Ceiling(high) - 1);
            var weights = new float[last - first + 1];
            for (var k = 0; k < weights.Length; k++)
            {
                var old = first + k;
                weights[k] = step > 1
                    ? (float)Math.Max(0, Math.Min(high, old + 1) - Math.Max(low, old))
                    : (float)Math.Max(0, 1 - Math.Abs(old + 0.5 - center));
            }

            var total = weights.Sum();
            for (var k = 0; k < weights.Length; k++)
            {
                weights[k] /= total;
            }

            all[i] = (first, weights);
        }

        return all;
    }
}

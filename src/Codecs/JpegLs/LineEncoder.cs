namespace Panal.Codecs.JpegLs;

/// <summary>Encodes lines of one scan, not interleaved or interleaved by line (T.87 Annex A).</summary>
internal ref struct LineEncoder(Model model, Span<byte> target, int position)
{
    private readonly Model _model = model;
    private readonly int _near = model.Parameters.Near;
    private readonly int _limit = model.Parameters.CodeLimit;
    private GolombWriter _writer = new(target, position);

    internal readonly int Position => _writer.Position;

    internal readonly int Free => _writer.Free;

    internal void Finish() => _writer.Finish();

    /// <summary>Encodes the current line, whose samples become what a decoder will reconstruct.</summary>
    internal void Encode(LinePair lines)
    {
        var above = lines.Above;
        var current = lines.Current[..above.Length];
        var x = 1;
        while (x < above.Length - 1)
        {
            int a = current[x - 1], b = above[x], c = above[x - 1];
            var context = _model.ContextOf(a, b, c, above[x + 1]);
            if (context != 0)
            {
                current[x] = (ushort)EncodeRegular(context, Model.Predict(a, b, c), current[x]);
                x++;
                continue;
            }

            var run = 0;
            while (x + run <= lines.Width && Math.Abs(current[x + run] - a) <= _near)
            {
                current[x + run++] = (ushort)a;
            }

            x += run;
            EncodeRun(lines, run, isLineEnd: x > lines.Width);
            if (x <= lines.Width)
            {
                current[x] = (ushort)EncodeInterruption(a, above[x], current[x], lines.RunIndex);
                lines.RunIndex = Math.Max(0, lines.RunIndex - 1);
                x++;
            }
        }
    }

    private int EncodeRegular(int signedContext, int prediction, int value)
    {
        var sign = signedContext >> 31;
        ref var context = ref _model.At((signedContext ^ sign) - sign);
        prediction = Math.Clamp(prediction + ((context.Correction ^ sign) - sign), 0, _model.Parameters.MaximumValue);
        var error = _model.Reduce(((value - prediction) ^ sign) - sign);
        var k = Model.GolombParameter(context.Count, context.AbsoluteSum);
        var mapped = k == 0 && _near == 0 && 2 * context.Bias <= -context.Count ? Map(~error) : Map(error);
        _writer.WriteGolomb(mapped, k, _limit, _model.ErrorBits);
        _model.Update(ref context, error);
        return _model.Reconstruct(prediction, (error ^ sign) - sign);
    }

    /// <summary>T.87 Code segments A.15 and A.16.</summary>
    private void EncodeRun(LinePair lines, int run, bool isLineEnd)
    {
        var order = Model.RunOrders[lines.RunIndex];
        while (run >= 1 << order)
        {
            _writer.Write(1, 1);
            run -= 1 << order;
            lines.RunIndex = Math.Min(lines.RunIndex + 1, Model.LastRunIndex);
            order = Model.RunOrders[lines.RunIndex];
        }

        if (!isLineEnd)
        {
            _writer.Write((uint)run, order + 1);
        }
        else if (run > 0)
        {
            _writer.Write(1, 1);
        }
    }

    /// <summary>T.87 §A.7.2.</summary>
    private int EncodeInterruption(int a, int b, int value, int runIndex)
    {
        var type = Math.Abs(a - b) <= _near ? 1 : 0;
        var prediction = type == 1 ? a : b;
        var isInverted = type == 0 && a > b;
        var error = _model.Reduce(isInverted ? prediction - value : value - prediction);
        ref var context = ref _model.At(Model.Interruption + type);
        var k = Model.GolombParameter(context.Count, context.AbsoluteSum + (type == 1 ? context.Count >> 1 : 0));
        var negativesPrevail = k != 0 || 2 * context.Bias >= context.Count;
        var map = error != 0 && (error < 0) == negativesPrevail ? 1 : 0;
        var mapped = (2 * Math.Abs(error)) - type - map;
        _writer.WriteGolomb(mapped, k, _limit - Model.RunOrders[runIndex] - 1, _model.ErrorBits);
        _model.UpdateInterruption(ref context, type, error, mapped);
        return _model.Reconstruct(prediction, isInverted ? -error : error);
    }

    /// <summary>T.87 Code segment A.11: errors by size, the negative one first of each two.</summary>
    private static int Map(int error) => (error << 1) ^ (error >> 31);
}

using System.Runtime.CompilerServices;

namespace Panal.Codecs.JpegLs;

/// <summary>Decodes lines of one scan (T.87 Annex A, Annex B for interleaving).</summary>
internal ref struct LineDecoder
{
    private readonly Model _model;
    private readonly int _near;
    private readonly int _maximum;
    private readonly int _limit;
    private readonly int _errorBits;
    private GolombReader _reader;

    internal LineDecoder(Model model, ReadOnlySpan<byte> stream, int position)
    {
        _model = model;
        (_near, _maximum, _limit, _errorBits) = (model.Parameters.Near, model.Parameters.MaximumValue, model.Parameters.CodeLimit, model.ErrorBits);
        _reader = new GolombReader(stream, position);
    }

    internal readonly int Position => _reader.Position;

    internal void Restart(int number)
    {
        _reader.Restart(number);
        _model.Reset();
    }

    internal void End()
    {
        _reader.CheckEnd();
        _reader.SkipToMarker();
    }

    /// <summary>Decodes the next line of a component by itself.</summary>
    internal void Decode(LinePair lines)
    {
        lines.Advance();
        var above = lines.Above;
        var current = lines.Current[..above.Length];
        int a = current[0], b = above[1], c = above[0];
        var x = 1;
        while (x < above.Length - 1)
        {
            int d = above[x + 1];
            var context = _model.ContextOf(a, b, c, d);
            if (context != 0)
            {
                a = DecodeRegular(context, Model.Predict(a, b, c));
                current[x++] = (ushort)a;
                (c, b) = (b, d);
                continue;
            }

            var run = DecodeRun(lines, lines.Width + 1 - x);
            current.Slice(x, run).Fill((ushort)a);
            x += run;
            if (x < above.Length - 1)
            {
                current[x] = (ushort)DecodeInterruption(a, above[x], lines.RunIndex, Math.Abs(a - above[x]) <= _near ? 1 : 0);
                lines.RunIndex = Math.Max(0, lines.RunIndex - 1);
                x++;
            }

            if (x < above.Length - 1)
            {
                (a, b, c) = (current[x - 1], above[x], above[x - 1]);
            }
        }
    }

    /// <summary>Decodes the next lines of several components, sample by sample; a run holds for all of them.</summary>
    internal void DecodeTogether(LinePair[] components)
    {
        foreach (var lines in components)
        {
            lines.Advance();
        }

        var first = components[0];
        var x = 1;
        while (x <= first.Width)
        {
            if (!IsFlat(components, x))
            {
                foreach (var lines in components)
                {
                    var current = lines.Current;
                    var above = lines.Above;
                    int a = current[x - 1], b = above[x], c = above[x - 1];
                    current[x] = (ushort)DecodeRegular(_model.ContextOf(a, b, c, above[x + 1]), Model.Predict(a, b, c));
                }

                x++;
                continue;
            }

            var run = DecodeRun(first, first.Width + 1 - x);
            foreach (var lines in components)
            {
                lines.Current.Slice(x, run).Fill(lines.Current[x - 1]);
            }

            x += run;
            if (x <= first.Width)
            {
                foreach (var lines in components)
                {
                    lines.Current[x] = (ushort)DecodeInterruption(lines.Current[x - 1], lines.Above[x], first.RunIndex, type: 0);
                }

                first.RunIndex = Math.Max(0, first.RunIndex - 1);
                x++;
            }
        }
    }

    private readonly bool IsFlat(LinePair[] components, int x)
    {
        foreach (var lines in components)
        {
            var current = lines.Current;
            var above = lines.Above;
            if (_model.ContextOf(current[x - 1], above[x], above[x - 1], above[x + 1]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>One sample in regular mode (T.87 §A.4 to §A.6).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int DecodeRegular(int signedContext, int prediction)
    {
        // All ones where the context is negative: (x ^ sign) - sign is then -x.
        var sign = signedContext >> 31;
        ref var context = ref _model.At((signedContext ^ sign) - sign);
        prediction = Math.Clamp(prediction + ((context.Correction ^ sign) - sign), 0, _maximum);
        var k = Model.GolombParameter(context.Count, context.AbsoluteSum);
        var mapped = _reader.ReadGolomb(k, _limit, _errorBits);
        var error = (mapped >> 1) ^ -(mapped & 1);
        if (k == 0 && _near == 0 && 2 * context.Bias <= -context.Count)
        {
            error = ~error;
        }

        _model.Update(ref context, error);
        return _model.Reconstruct(prediction, (error ^ sign) - sign);
    }

    /// <summary>The length of a run, at most the samples that remain in the line (T.87 §A.7.1, Code segment A.14).</summary>
    private int DecodeRun(LinePair lines, int remaining)
    {
        var run = 0;
        while (_reader.ReadBits(1) == 1)
        {
            var whole = 1 << Model.RunOrders[lines.RunIndex];
            if (whole > remaining - run)
            {
                return remaining;
            }

            run += whole;
            lines.RunIndex = Math.Min(lines.RunIndex + 1, Model.LastRunIndex);
            if (run == remaining)
            {
                return run;
            }
        }

        run += _reader.ReadBits(Model.RunOrders[lines.RunIndex]);
        return run < remaining ? run : throw new CodecException(CodecFault.Malformed, $"A run of {run} in a line of which {remaining} samples remain.");
    }

    /// <summary>The sample that ends a run (T.87 §A.7.2).</summary>
    private int DecodeInterruption(int a, int b, int runIndex, int type)
    {
        ref var context = ref _model.At(Model.Interruption + type);
        var sum = context.AbsoluteSum + (type == 1 ? context.Count >> 1 : 0);
        var k = Model.GolombParameter(context.Count, sum);
        var mapped = _reader.ReadGolomb(k, _limit - Model.RunOrders[runIndex] - 1, _errorBits);
        var folded = mapped + type;
        var size = (folded + 1) >> 1;

        // map is the lowest bit: whether the rarer sign occurred (T.87 Code segments A.21, A.22).
        var negativesPrevail = k != 0 || 2 * context.Bias >= context.Count;
        var error = ((folded & 1) == 1) == negativesPrevail ? -size : size;
        _model.UpdateInterruption(ref context, type, error, mapped);
        return _model.Reconstruct(type == 1 ? a : b, type == 0 && a > b ? -error : error);
    }
}

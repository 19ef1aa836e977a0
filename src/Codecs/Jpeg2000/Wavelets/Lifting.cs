namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>One-dimensional synthesis of several columns at once (T.800 §F.3).</summary>
internal interface ILifting<T>
    where T : unmanaged
{
    /// <summary>Turns interleaved low and high coefficients into samples, in place.</summary>
    /// <param name="line">So many rows of so many columns.</param>
    /// <param name="count">Rows.</param>
    /// <param name="parity">1 where the first row is a high coefficient, else 0.</param>
    /// <param name="columns">Columns; each is a line of its own.</param>
    static abstract void Invert(Span<T> line, int count, int parity, int columns);
}

/// <summary>The reversible 5/3 transform (T.800 §F.3.8.2.1.1).</summary>
internal readonly struct ReversibleLifting : ILifting<int>
{
    public static void Invert(Span<int> line, int count, int parity, int columns)
    {
        if (count == 1)
        {
            for (var i = 0; i < columns && parity == 1; i++)
            {
                line[i] >>= 1;
            }

            return;
        }

        for (var row = parity; row < count; row += 2)
        {
            var (target, before, after) = Lines.Neighbours(line, row, count, columns);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] -= (before[i] + after[i] + 2) >> 2;
            }
        }

        for (var row = 1 - parity; row < count; row += 2)
        {
            var (target, before, after) = Lines.Neighbours(line, row, count, columns);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] += (before[i] + after[i]) >> 1;
            }
        }
    }
}

/// <summary>The irreversible 9/7 transform (T.800 §F.3.8.2.1.2, Table F.4).</summary>
internal readonly struct IrreversibleLifting : ILifting<float>
{
    private const float Alpha = -1.586134342059924f, Beta = -0.052980118572961f, Gamma = 0.882911075530934f, Delta = 0.443506852043971f, K = 1.230174104914001f;

    public static void Invert(Span<float> line, int count, int parity, int columns)
    {
        if (count == 1)
        {
            for (var i = 0; i < columns && parity == 1; i++)
            {
                line[i] *= 0.5f;
            }

            return;
        }

        for (var row = 0; row < count; row++)
        {
            var factor = (row & 1) == parity ? K : 1 / K;
            foreach (ref var value in line.Slice(row * columns, columns))
            {
                value *= factor;
            }
        }

        Step(line, parity, count, columns, Delta);
        Step(line, 1 - parity, count, columns, Gamma);
        Step(line, parity, count, columns, Beta);
        Step(line, 1 - parity, count, columns, Alpha);
    }

    private static void Step(Span<float> line, int first, int count, int columns, float factor)
    {
        for (var row = first; row < count; row += 2)
        {
            var (target, before, after) = Lines.Neighbours(line, row, count, columns);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] -= factor * (before[i] + after[i]);
            }
        }
    }
}

/// <summary>Rows beside a row; at the borders the one beside is mirrored.</summary>
internal static class Lines
{
    internal static Neighbourhood<T> Neighbours<T>(Span<T> line, int row, int count, int columns) => new(
        line.Slice(row * columns, columns),
        line.Slice((row > 0 ? row - 1 : row + 1) * columns, columns),
        line.Slice((row < count - 1 ? row + 1 : row - 1) * columns, columns));
}

/// <summary>A row and the rows beside it.</summary>
internal readonly ref struct Neighbourhood<T>(Span<T> target, Span<T> before, Span<T> after)
{
    private readonly Span<T> _target = target, _before = before, _after = after;

    internal void Deconstruct(out Span<T> target, out Span<T> before, out Span<T> after)
    {
        target = _target;
        before = _before;
        after = _after;
    }
}

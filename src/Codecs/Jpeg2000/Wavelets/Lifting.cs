using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>
/// One-dimensional synthesis of several columns at once (T.800 §F.3). Low and high coefficients lie apart, each row by row, so that
/// everything in a step is done by whole vectors.
/// </summary>
internal interface ILifting<T>
    where T : unmanaged
{
    /// <summary>Turns low and high coefficients into samples of even and odd places, in place.</summary>
    /// <param name="low">The low rows.</param>
    /// <param name="high">The high rows.</param>
    /// <param name="parity">1 where the first row of all is a high one, else 0.</param>
    /// <param name="columns">Columns; each is a line of its own.</param>
    static abstract void Invert(Span<T> low, Span<T> high, int parity, int columns);
}

/// <summary>The reversible 5/3 transform (T.800 §F.3.8.2.1.1, §F.4.8.2.1.1).</summary>
internal readonly struct ReversibleLifting : ILifting<int>
{
    public static void Invert(Span<int> low, Span<int> high, int parity, int columns)
    {
        if (low.Length + high.Length == columns)
        {
            foreach (ref var value in high)
            {
                value >>= 1;
            }

            return;
        }

        Lines.Lift(low, high, parity == 0, columns, default(Lower));
        Lines.Lift(high, low, parity == 1, columns, default(Raise));
    }

    /// <summary>Turns samples into low and high coefficients; the first row is even.</summary>
    internal static void Apply(Span<int> low, Span<int> high, int columns)
    {
        Lines.Lift(high, low, false, columns, default(Predict));
        Lines.Lift(low, high, true, columns, default(Update));
    }

    private readonly struct Lower : ILift<int>
    {
        public Vector<int> Lift(Vector<int> target, Vector<int> before, Vector<int> after) => target - ((before + after + new Vector<int>(2)) >> 2);

        public int Lift(int target, int before, int after) => target - ((before + after + 2) >> 2);
    }

    private readonly struct Raise : ILift<int>
    {
        public Vector<int> Lift(Vector<int> target, Vector<int> before, Vector<int> after) => target + ((before + after) >> 1);

        public int Lift(int target, int before, int after) => target + ((before + after) >> 1);
    }

    private readonly struct Predict : ILift<int>
    {
        public Vector<int> Lift(Vector<int> target, Vector<int> before, Vector<int> after) => target - ((before + after) >> 1);

        public int Lift(int target, int before, int after) => target - ((before + after) >> 1);
    }

    private readonly struct Update : ILift<int>
    {
        public Vector<int> Lift(Vector<int> target, Vector<int> before, Vector<int> after) => target + ((before + after + new Vector<int>(2)) >> 2);

        public int Lift(int target, int before, int after) => target + ((before + after + 2) >> 2);
    }
}

/// <summary>The irreversible 9/7 transform (T.800 §F.3.8.2.1.2, Table F.4).</summary>
internal readonly struct IrreversibleLifting : ILifting<float>
{
    private const float Alpha = -1.586134342059924f, Beta = -0.052980118572961f, Gamma = 0.882911075530934f, Delta = 0.443506852043971f, K = 1.230174104914001f;

    public static void Invert(Span<float> low, Span<float> high, int parity, int columns)
    {
        if (low.Length + high.Length == columns)
        {
            Lines.Scale(high, 0.5f);
            return;
        }

        Lines.Scale(low, K);
        Lines.Scale(high, 1 / K);
        Lines.Lift(low, high, parity == 0, columns, new Step(Delta));
        Lines.Lift(high, low, parity == 1, columns, new Step(Gamma));
        Lines.Lift(low, high, parity == 0, columns, new Step(Beta));
        Lines.Lift(high, low, parity == 1, columns, new Step(Alpha));
    }

    private readonly struct Step(float factor) : ILift<float>
    {
        private readonly float _factor = factor;

        public Vector<float> Lift(Vector<float> target, Vector<float> before, Vector<float> after) => target - (new Vector<float>(_factor) * (before + after));

        public float Lift(float target, float before, float after) => target - (_factor * (before + after));
    }
}

/// <summary>What one lifting step makes of a coefficient and the two beside it.</summary>
internal interface ILift<T>
    where T : unmanaged
{
    Vector<T> Lift(Vector<T> target, Vector<T> before, Vector<T> after);

    T Lift(T target, T before, T after);
}

/// <summary>Lifting of rows that lie apart, even ones and odd ones.</summary>
internal static class Lines
{
    /// <summary>Lifts every row by those before and after it, which are among the others; at the ends the one beside is mirrored.</summary>
    /// <param name="target">Rows to lift.</param>
    /// <param name="others">The rows between them.</param>
    /// <param name="isFirst">Whether the first row of all is one of the target's.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="lift">The step.</param>
    internal static void Lift<T, TLift>(Span<T> target, ReadOnlySpan<T> others, bool isFirst, int columns, TLift lift)
        where T : unmanaged
        where TLift : struct, ILift<T>
    {
        if (target.IsEmpty || others.IsEmpty)
        {
            return;
        }

        var (rows, last) = (target.Length / columns, (others.Length / columns) - 1);

        // Rows whose neighbours are both there follow each other in memory, as their neighbours do.
        var (start, end) = isFirst ? (1, Math.Min(rows, last + 1)) : (0, Math.Min(rows, last));
        if (start < end)
        {
            var before = (isFirst ? start - 1 : start) * columns;
            Run(target[(start * columns)..(end * columns)], others[before..], others[(before + columns)..], lift);
        }

        for (var row = 0; row < rows; row++)
        {
            if (row == start && start < end)
            {
                row = end;
            }

            if (row == rows)
            {
                break;
            }

            var before = Math.Clamp(isFirst ? row - 1 : row, 0, last);
            var after = Math.Clamp(isFirst ? row : row + 1, 0, last);
            Run(target.Slice(row * columns, columns), others.Slice(before * columns, columns), others.Slice(after * columns, columns), lift);
        }
    }

    /// <summary>Takes a row apart into its even and its odd places.</summary>
    internal static void Split(ReadOnlySpan<int> row, Span<int> even, Span<int> odd)
    {
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var halves = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
            for (; i <= odd.Length - Vector256<int>.Count; i += Vector256<int>.Count)
            {
                var first = Vector256.Shuffle(Vector256.Create(row[(2 * i)..]), halves);
                var second = Vector256.Shuffle(Vector256.Create(row[((2 * i) + Vector256<int>.Count)..]), halves);
                Vector256.Create(first.GetLower(), second.GetLower()).CopyTo(even[i..]);
                Vector256.Create(first.GetUpper(), second.GetUpper()).CopyTo(odd[i..]);
            }
        }

        for (; i < odd.Length; i++)
        {
            even[i] = row[2 * i];
            odd[i] = row[(2 * i) + 1];
        }

        if (even.Length > odd.Length)
        {
            even[^1] = row[^1];
        }
    }

    /// <summary>Puts a row together from its even and its odd places; there are as many of both, or one more even one.</summary>
    internal static void Join(ReadOnlySpan<int> even, ReadOnlySpan<int> odd, Span<int> row)
    {
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var turns = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
            for (; i <= odd.Length - Vector256<int>.Count; i += Vector256<int>.Count)
            {
                var evens = Vector256.Create(even[i..]);
                var odds = Vector256.Create(odd[i..]);
                Vector256.Shuffle(Vector256.Create(evens.GetLower(), odds.GetLower()), turns).CopyTo(row[(2 * i)..]);
                Vector256.Shuffle(Vector256.Create(evens.GetUpper(), odds.GetUpper()), turns).CopyTo(row[((2 * i) + Vector256<int>.Count)..]);
            }
        }

        for (; i < odd.Length; i++)
        {
            row[2 * i] = even[i];
            row[(2 * i) + 1] = odd[i];
        }

        if (even.Length > odd.Length)
        {
            row[^1] = even[^1];
        }
    }

    internal static void Scale(Span<float> values, float factor)
    {
        foreach (ref var value in values)
        {
            value *= factor;
        }
    }

    private static void Run<T, TLift>(Span<T> target, ReadOnlySpan<T> before, ReadOnlySpan<T> after, TLift lift)
        where T : unmanaged
        where TLift : struct, ILift<T>
    {
        // The spans are as long as the target; said once, it need not be asked for every vector.
        ref var targets = ref MemoryMarshal.GetReference(target);
        ref var befores = ref MemoryMarshal.GetReference(before[..target.Length]);
        ref var afters = ref MemoryMarshal.GetReference(after[..target.Length]);
        nint i = 0;
        for (; i <= target.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            lift.Lift(Load(ref targets, i), Load(ref befores, i), Load(ref afters, i)).StoreUnsafe(ref targets, (nuint)i);
        }

        for (; i < target.Length; i++)
        {
            Unsafe.Add(ref targets, i) = lift.Lift(Unsafe.Add(ref targets, i), Unsafe.Add(ref befores, i), Unsafe.Add(ref afters, i));
        }
    }

    private static Vector<T> Load<T>(ref T values, nint at)
        where T : unmanaged => Vector.LoadUnsafe(ref values, (nuint)at);
}

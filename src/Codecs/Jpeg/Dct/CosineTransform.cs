using System.Runtime.Intrinsics;

namespace Panal.Codecs.Jpeg.Dct;

/// <summary>The two-dimensional cosine transform of 8 x 8 blocks and its inverse (T.81 §A.3.3), as two products of matrices.</summary>
/// <remarks>
/// With F the coefficients by rows and B the basis, samples are Bᵀ·F·B. Each product adds whole rows, eight numbers at once, so
/// that nothing has to be transposed; machines without vectors of 256 bits do the same in steps of their own.
/// </remarks>
internal static class CosineTransform
{
    internal const int Size = 8;
    internal const int BlockSamples = Size * Size;

    private static readonly float[] Basis = MakeBasis();

    /// <summary>Rounds a block, shifts it to unsigned numbers and clamps it to the precision (T.81 §A.3.1, §F.2.1.5).</summary>
    /// <param name="block">Samples around zero.</param>
    /// <param name="precision">Bits of a sample.</param>
    /// <param name="target">The place of the first sample, and all behind it.</param>
    /// <param name="stride">Samples from one line to the next.</param>
    internal static void Place(ReadOnlySpan<float> block, int precision, Span<ushort> target, int stride)
    {
        float middle = 1 << (precision - 1), largest = (1 << precision) - 1;
        for (var y = 0; y < Size; y++)
        {
            var line = target.Slice(y * stride, Size);
            for (var x = 0; x < Size; x++)
            {
                line[x] = (ushort)(Math.Clamp(block[(y * Size) + x] + middle, 0, largest) + 0.5f);
            }
        }
    }

    /// <summary>Turns coefficients, in place, into samples around zero.</summary>
    internal static void Inverse(Span<float> block)
    {
        Span<Vector256<float>> half = stackalloc Vector256<float>[Size];
        half.Clear();
        for (var v = 0; v < Size; v++)
        {
            var row = Vector256.Create<float>(block.Slice(v * Size, Size));
            if (row == Vector256<float>.Zero)
            {
                continue;
            }

            for (var y = 0; y < Size; y++)
            {
                half[y] = Vector256.MultiplyAddEstimate(row, Vector256.Create(Basis[(v * Size) + y]), half[y]);
            }
        }

        for (var y = 0; y < Size; y++)
        {
            var sum = Vector256<float>.Zero;
            for (var u = 0; u < Size; u++)
            {
                sum = Vector256.MultiplyAddEstimate(
                    Vector256.Create<float>(Basis.AsSpan(u * Size, Size)), Vector256.Create(half[y].GetElement(u)), sum);
            }

            sum.CopyTo(block[(y * Size)..]);
        }
    }

    /// <summary>Turns samples around zero, in place, into coefficients.</summary>
    internal static void Forward(Span<float> block)
    {
        Span<Vector256<float>> half = stackalloc Vector256<float>[Size];
        for (var v = 0; v < Size; v++)
        {
            var sum = Vector256<float>.Zero;
            for (var y = 0; y < Size; y++)
            {
                sum = Vector256.MultiplyAddEstimate(
                    Vector256.Create<float>(block.Slice(y * Size, Size)), Vector256.Create(Basis[(v * Size) + y]), sum);
            }

            half[v] = sum;
        }

        for (var v = 0; v < Size; v++)
        {
            for (var u = 0; u < Size; u++)
            {
                block[(v * Size) + u] = Vector256.Dot(half[v], Vector256.Create<float>(Basis.AsSpan(u * Size, Size)));
            }
        }
    }

    /// <summary>Basis[u, x] = C(u) / 2 · cos((2x + 1) u π / 16), with C(0) = 1/√2.</summary>
    private static float[] MakeBasis()
    {
        var basis = new float[BlockSamples];
        for (var u = 0; u < Size; u++)
        {
            for (var x = 0; x < Size; x++)
            {
                basis[(u * Size) + x] = (float)((u == 0 ? Math.Sqrt(0.5) : 1) / 2 * Math.Cos(((2 * x) + 1) * u * Math.PI / 16));
            }
        }

        return basis;
    }
}

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

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Panal.Codecs.JpegLs;

/// <summary>What a context remembers: sums of errors and how many (T.87 §A.2.1).</summary>
internal struct Context
{
    /// <summary>A, the sum of absolute errors.</summary>
    internal int AbsoluteSum;

    /// <summary>B, the sum of errors; of run interruptions Nn, how many errors were negative.</summary>
    internal int Bias;

    /// <summary>C, what predictions are corrected by.</summary>
    internal int Correction;

    /// <summary>N, how often the context occurred.</summary>
    internal int Count;
}

/// <summary>The adaptive model that encoder and decoder keep alike (T.87 Annex A).</summary>
internal sealed class Model
{
    /// <summary>J, the order of run lengths (T.87 §A.2.1).</summary>
    internal static ReadOnlySpan<byte> RunOrders =>
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    internal const int LastRunIndex = 31;

    /// <summary>Index of the run interruption context of type 0; that of type 1 follows.</summary>
    internal const int Interruption = 365;

    // Errors beyond this come from damaged streams only and would let the sums overflow.
    private const int ErrorLimit = 65_535;
    private const int CorrectionLimit = 127;

    private readonly Context[] _contexts = new Context[Interruption + 2];
    private readonly sbyte[] _classes;

    internal Model(CodingParameters parameters)
    {
        Parameters = parameters;
        (Range, Step, ErrorBits) = (parameters.Range, parameters.Step, parameters.ErrorBits);
        _classes = new sbyte[(2 * parameters.Threshold3) + 1];
        for (var i = 0; i < _classes.Length; i++)
        {
            _classes[i] = ClassOf(i - parameters.Threshold3, parameters);
        }

        Reset();
    }

    internal CodingParameters Parameters { get; }

    internal int Range { get; }

    internal int Step { get; }

    internal int ErrorBits { get; }

    /// <summary>Forgets everything, as at the beginning of a scan and after a restart marker.</summary>
    internal void Reset() => Array.Fill(_contexts, new Context { AbsoluteSum = Math.Max(2, (Range + 32) / 64), Count = 1 });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref Context At(int context) => ref _contexts[context];

    /// <summary>The signed number of the context of a sample; 0 where the surroundings are flat (T.87 §A.3.3, §A.3.4).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int ContextOf(int a, int b, int c, int d) => (81 * Class(d - b)) + (9 * Class(b - c)) + Class(c - a);

    /// <summary>The median edge detector (T.87 §A.4.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Predict(int a, int b, int c)
    {
        var (low, high) = a < b ? (a, b) : (b, a);
        return c >= high ? low : c <= low ? high : a + b - c;
    }

    /// <summary>k, how many bits of an error are written as they are (T.87 §A.5.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int GolombParameter(int count, int sum)
    {
        if (sum <= count)
        {
            return 0;
        }

        var k = BitOperations.Log2((uint)sum) - BitOperations.Log2((uint)count);
        return count << k >= sum ? k : k + 1;
    }

    /// <summary>Takes over the error of a sample in regular mode (T.87 §A.6).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Update(ref Context context, int error)
    {
        if (Math.Abs(error) > ErrorLimit)
        {
            throw new CodecException(CodecFault.Malformed, $"An error of {error}.");
        }

        context.AbsoluteSum += Math.Abs(error);
        context.Bias += error * Step;
        if (context.Count == Parameters.Reset)
        {
            context.AbsoluteSum >>= 1;
            context.Bias >>= 1;
            context.Count >>= 1;
        }

        context.Count++;
        if (context.Bias <= -context.Count)
        {
            context.Bias = Math.Max(context.Bias + context.Count, 1 - context.Count);
            context.Correction = Math.Max(context.Correction - 1, -CorrectionLimit - 1);
        }
        else if (context.Bias > 0)
        {
            context.Bias = Math.Min(context.Bias - context.Count, 0);
            context.Correction = Math.Min(context.Correction + 1, CorrectionLimit);
        }
    }

    /// <summary>Takes over the error that ended a run (T.87 Code segment A.23).</summary>
    internal void UpdateInterruption(ref Context context, int type, int error, int mapped)
    {
        if (Math.Abs(error) > ErrorLimit)
        {
            throw new CodecException(CodecFault.Malformed, $"An error of {error}.");
        }

        context.Bias += error < 0 ? 1 : 0;
        context.AbsoluteSum += (mapped + 1 - type) >> 1;
        if (context.Count == Parameters.Reset)
        {
            context.AbsoluteSum >>= 1;
            context.Count >>= 1;
            context.Bias >>= 1;
        }

        context.Count++;
    }

    /// <summary>The sample that a prediction and an error stand for (T.87 §A.4.5, §F.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Reconstruct(int prediction, int signedError)
    {
        var value = prediction + (signedError * Step);
        if (value < -Parameters.Near)
        {
            value += Range * Step;
        }
        else if (value > Parameters.MaximumValue + Parameters.Near)
        {
            value -= Range * Step;
        }

        return Math.Clamp(value, 0, Parameters.MaximumValue);
    }

    /// <summary>Quantizes an error and reduces it modulo RANGE (T.87 §A.4.4, §A.4.5).</summary>
    internal int Reduce(int error)
    {
        if (Parameters.Near > 0)
        {
            error = error > 0 ? (error + Parameters.Near) / Step : -((Parameters.Near - error) / Step);
        }

        error += error < 0 ? Range : 0;
        return error >= (Range + 1) / 2 ? error - Range : error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Class(int gradient)
    {
        var last = _classes.Length >> 1;
        return _classes[Math.Clamp(gradient, -last, last) + last];
    }

    /// <summary>T.87 Code segment A.4.</summary>
    private static sbyte ClassOf(int gradient, CodingParameters parameters)
    {
        var size = Math.Abs(gradient);
        var number = size <= parameters.Near ? 0 : size < parameters.Threshold1 ? 1 : size < parameters.Threshold2 ? 2 : size < parameters.Threshold3 ? 3 : 4;
        return (sbyte)(gradient < 0 ? -number : number);
    }
}

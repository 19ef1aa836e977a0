using System.Runtime.CompilerServices;

namespace Panal.Codecs.Jpeg.Lossless;

/// <summary>The predictors of lossless processes (T.81 Table H.1): a is left, b above, c above and left.</summary>
internal static class Predictor
{
    internal const int Left = 1, Above = 2, Last = 7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Predict(int selection, int a, int b, int c) => selection switch
    {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    };
}

namespace Panal.Imaging.Rendering.Grey;

/// <summary>How values within a window become brightness. VOI LUT Function (0028,1056), PS3.3 §C.11.2.1.3.</summary>
public enum WindowFunction
{
    /// <summary>LINEAR: the window of whole numbers (§C.11.2.1.2.1).</summary>
    Linear,

    /// <summary>LINEAR_EXACT (§C.11.2.1.3.2).</summary>
    LinearExact,

    /// <summary>SIGMOID (§C.11.2.1.3.1).</summary>
    Sigmoid,
}

/// <summary>A window: values below it are black, above it white.</summary>
/// <param name="Center">Its centre, in output units of the modality transformation.</param>
/// <param name="Width">Its width in the same units; at least 1 for <see cref="WindowFunction.Linear"/>, else more than 0.</param>
/// <param name="Function">How the values within become brightness.</param>
public sealed record Window(double Center, double Width, WindowFunction Function = WindowFunction.Linear)
{
    /// <summary>Whether the numbers make a window.</summary>
    public bool IsValid => double.IsFinite(Center) && double.IsFinite(Width) && (Function == WindowFunction.Linear ? Width >= 1 : Width > 0);

    /// <summary>The window that shows all values from the lowest to the highest.</summary>
    public static Window Spanning(double lowest, double highest) =>
        new((lowest + highest + 1) / 2, Math.Max(1, highest - lowest + 1));

    /// <summary>The brightness of a value, from 0 to 1.</summary>
    internal double Brightness(double value) => Function switch
    {
        WindowFunction.Sigmoid => 1 / (1 + Math.Exp(-4 * (value - Center) / Width)),
        WindowFunction.LinearExact => Math.Clamp(((value - Center) / Width) + 0.5, 0, 1),

        // A window of width 1 is a threshold.
        _ when Width == 1 => value <= Center - 0.5 ? 0 : 1,
        _ => Math.Clamp(((value - (Center - 0.5)) / (Width - 1)) + 0.5, 0, 1),
    };
}

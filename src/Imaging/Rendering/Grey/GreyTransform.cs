namespace Panal.Imaging.Rendering.Grey;

/// <summary>From stored values to grey levels: modality, values of interest, presentation. PS3.4 §N.2, Figure N.2-1.</summary>
internal sealed class GreyTransform(ModalityTransform modality, VoiTransform voi, LookupTable? presentation, bool isInverse)
{
    /// <summary>Up to so many bits a table of all stored values is made; a frame has more pixels than that.</summary>
    private const int TableBitsLimit = 16;

    private const double White = 255;

    /// <summary>The grey level of a stored value.</summary>
    internal byte Map(long stored)
    {
        var brightness = voi.Brightness(modality.Map(stored));
        if (presentation is not null)
        {
            // The whole range of the values of interest lies over the whole table (PS3.3 §C.11.6.1.1).
            var entry = (int)Math.Round(brightness * (presentation.Count - 1));
            brightness = (double)presentation[presentation.FirstInput + entry] / presentation.MaximumValue;
        }

        return (byte)Math.Round((isInverse ? 1 - brightness : brightness) * White);
    }

    /// <summary>Gives each value of a frame its grey level.</summary>
    internal void Apply(StoredValues values, Span<byte> target)
    {
        if (values.BitsStored > TableBitsLimit)
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = Map(values[i]);
            }

            return;
        }

        var lowest = values.IsSigned ? -(1 << (values.BitsStored - 1)) : 0;
        var table = new byte[1 << values.BitsStored];

        // Only what occurs is calculated: most images use a part of their range.
        var (first, last) = values.Range();
        for (var value = first; value <= last; value++)
        {
            table[value - lowest] = Map(value);
        }

        var numbers = values.Numbers;
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = table[numbers[i] - lowest];
        }
    }
}

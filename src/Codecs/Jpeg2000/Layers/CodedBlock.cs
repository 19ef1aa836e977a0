namespace Panal.Codecs.Jpeg2000.Layers;

/// <summary>One code-block that was encoded.</summary>
/// <param name="Offset">First of its bytes, in those of all blocks.</param>
/// <param name="FirstPass">First of its passes, in those of all blocks.</param>
/// <param name="Passes">Its coding passes; 0 if all coefficients are zero.</param>
/// <param name="ZeroPlanes">Bit-planes at the top that are zero and not coded.</param>
internal readonly record struct CodedBlock(int Offset, int FirstPass, int Passes, int ZeroPlanes);

/// <summary>One coding pass of a code-block.</summary>
/// <param name="EndBytes">Bytes of the block that a decoder needs to decode up to the end of the pass.</param>
/// <param name="Gain">By how much the pass lowers the sum of squared errors of the samples.</param>
internal record struct CodedPass(int EndBytes, double Gain)
{
    /// <summary>Layer that the pass is in.</summary>
    internal ushort Layer { get; set; }

    /// <summary>What a byte of the pass, together with those it is cut with, is worth; see <see cref="LayerAssignment"/>.</summary>
    internal ushort Worth { get; set; }
}

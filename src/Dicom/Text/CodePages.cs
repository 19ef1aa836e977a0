using System.Text;

namespace Panal.Dicom.Text;

/// <summary>The code pages of the runtime that the character sets are made from; what they cannot read becomes U+FFFD, what they cannot write a question mark.</summary>
internal static class CodePages
{
    public const int Thai = 874;
    public const int ShiftJis = 932;
    public const int Gbk = 936;
    public const int Korean = 949;
    public const int Latin1 = 28591;
    public const int Latin2 = 28592;
    public const int Latin3 = 28593;
    public const int Latin4 = 28594;
    public const int Cyrillic = 28595;
    public const int Arabic = 28596;
    public const int Greek = 28597;
    public const int Hebrew = 28598;
    public const int Latin5 = 28599;
    public const int Latin9 = 28605;

    /// <summary>JIS X 0208 with both high bits set, JIS X 0212 with that of the first byte set.</summary>
    public const int JapaneseEuc = 20932;
    public const int Gb2312 = 20936;
    public const int Gb18030 = 54936;

    public static Encoding Get(int codePage)
    {
        var (encoder, decoder) = (new EncoderReplacementFallback("?"), new DecoderReplacementFallback("\uFFFD"));
        return CodePagesEncodingProvider.Instance.GetEncoding(codePage, encoder, decoder) ?? Encoding.GetEncoding(codePage, encoder, decoder);
    }
}

namespace Panal.DictionaryGenerator;

/// <summary>The order of VR codes in every generated table; choices that depend on other elements have small letters.</summary>
internal static class VrCodes
{
    private static readonly string[] Codes =
    [
        "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN", "SH",
        "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV", "xs", "ox", "uw", "xw",
    ];

    public static string All => string.Concat(Codes);

    public static uint Index(string vr)
    {
        var code = vr switch
        {
            "US or SS" => "xs",
            "OB or OW" or "OB_OW" => "ox",
            "US or OW" => "uw",
            "US or SS or OW" => "xw",
            "NONE" => "UN",
            _ => vr,
        };
        var index = Array.IndexOf(Codes, code);
        return index >= 0 ? (uint)index : throw new InvalidDataException($"Unknown VR {vr}");
    }
}

using System.Buffers.Text;
using System.Globalization;

namespace Panal.Conformance.WireClient;

/// <summary>
/// Names one synthetic instance; everything in its header follows from these numbers, so a query knows what to expect.
/// </summary>
/// <param name="Run">Below 10^10; keeps runs apart.</param>
/// <param name="Study">Below 10^9.</param>
/// <param name="Number">Below 10^14: the instance within its study.</param>
public readonly record struct SyntheticIdentity(long Run, int Study, long Number)
{
    /// <summary>All UIDs are this long: even, so that no pad moves what follows.</summary>
    public const int UidBytes = 44;

    private static readonly string[] Syllables = ["GAR", "LOP", "MAR", "TIN", "NEZ", "ROS", "DRI", "SAN", "CHE", "PER", "REZ", "GOM", "MEZ", "FER", "NAN", "DEZ"];
    private static readonly string[] GivenNames = ["ANAS", "LUIS", "SARA", "JOSE", "ROSA", "JUAN", "INES", "HUGO", "ALBA", "IVAN"];

    public string StudyUid => Uid('1');

    public string SeriesUid => Uid('2');

    public string SopInstanceUid => Uid('3');

    public string PatientId => string.Create(CultureInfo.InvariantCulture, $"B{Run % 1_000_000:D6}-{Study:D8}");

    /// <summary>One family name in 4,096.</summary>
    public static string FamilyName(int study)
    {
        var mixed = (int)((uint)study * 2_654_435_761u >> 20);
        return Syllables[mixed & 15] + Syllables[mixed >> 4 & 15] + Syllables[mixed >> 8];
    }

    /// <summary>Study Date: one of 2,000 days from 2019-01-01 on.</summary>
    public static string StudyDate(int study) => new DateOnly(2019, 1, 1).AddDays((int)((uint)study * 2_246_822_519u >> 8) % 2_000).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>All names are 14 letters long: DCMTK takes trailing spaces away, which would change the bytes that come back.</summary>
    public static string PatientName(int study) => FamilyName(study) + "^" + GivenNames[study % 10];

    /// <summary>PS3.5 §B.2: 2.25 and a number below 2^128; the digit tells study, series and instance apart.</summary>
    public void WriteUid(char kind, Span<byte> target)
    {
        "2.25.1"u8.CopyTo(target);
        Utf8Formatter.TryFormat(Run, target[6..], out _, new('D', 10));
        target[16] = (byte)kind;
        Utf8Formatter.TryFormat(Study, target[17..], out _, new('D', 9));
        Utf8Formatter.TryFormat(kind == '3' ? Number : 0, target[26..], out _, new('D', 18));
    }

    private string Uid(char kind)
    {
        Span<byte> bytes = stackalloc byte[UidBytes];
        WriteUid(kind, bytes);
        return System.Text.Encoding.ASCII.GetString(bytes);
    }
}

/// <summary>The shape of synthetic instances: a realistic header of constant length, then pixel data.</summary>
public sealed class SyntheticInstance
{
    public const string CtImageStorage = "1.2.840.10008.5.1.4.1.1.2";
    public const string MultiFrameWordStorage = "1.2.840.10008.5.1.4.1.1.7.3";
    public const string ImplicitLittleEndian = "1.2.840.10008.1.2";
    public const string ExplicitLittleEndian = "1.2.840.10008.1.2.1";
    private const int MaxHeaderBytes = 4_000;

    private readonly int _columns, _rows, _frames;

    /// <param name="pixelBytes">Even; a CT slice of 512 × 512 × 16 bit has 524,288.</param>
    /// <param name="isExplicitVr">Explicit or implicit little endian.</param>
    public SyntheticInstance(long pixelBytes, bool isExplicitVr = true)
    {
        PixelBytes = pixelBytes & ~1L;
        IsExplicitVr = isExplicitVr;
        IsMultiFrame = pixelBytes > 16 << 20;
        _columns = pixelBytes >= 65_536 ? 512 : 8;
        _frames = IsMultiFrame ? (int)(PixelBytes / (512 * 512 * 2)) : 1;
        _rows = (int)Math.Clamp(PixelBytes / 2 / _columns / _frames, 1, ushort.MaxValue);
        HeaderBytes = WriteHeader(default, new byte[MaxHeaderBytes]);
    }

    public long PixelBytes { get; }

    public bool IsExplicitVr { get; }

    public bool IsMultiFrame { get; }

    /// <summary>Bytes before the pixels, the header of Pixel Data included; the same for every identity.</summary>
    public int HeaderBytes { get; }

    public long LengthBytes => HeaderBytes + PixelBytes;

    public string SopClass => IsMultiFrame ? MultiFrameWordStorage : CtImageStorage;

    public string TransferSyntax => IsExplicitVr ? ExplicitLittleEndian : ImplicitLittleEndian;

    /// <summary>Writes everything up to the pixels; returns the length in bytes.</summary>
    public int WriteHeader(SyntheticIdentity identity, Span<byte> target)
    {
        var writer = new ElementWriter(target, IsExplicitVr);
        Span<byte> uid = stackalloc byte[SyntheticIdentity.UidBytes];
        var date = SyntheticIdentity.StudyDate(identity.Study);
        writer.Text(0x00080005, "CS", "ISO_IR 100");
        writer.Text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
        writer.Text(0x00080016, "UI", SopClass);
        identity.WriteUid('3', uid);
        writer.Text(0x00080018, "UI", uid);
        writer.Text(0x00080020, "DA", date);
        writer.Text(0x00080021, "DA", date);
        writer.Text(0x00080022, "DA", date);
        writer.Text(0x00080023, "DA", date);
        writer.Text(0x00080030, "TM", "101512.000000");
        writer.Text(0x00080031, "TM", "101634.000000");
        writer.Text(0x00080050, "SH", string.Create(CultureInfo.InvariantCulture, $"A{identity.Study:D9}"));
        writer.Text(0x00080060, "CS", "CT");
        writer.Text(0x00080070, "LO", "PANAL BENCHMARK WORKS");
        writer.Text(0x00080080, "LO", "HOSPITAL DE PRUEBA");
        writer.Text(0x00080090, "PN", "REFERRING^DOCTOR");
        writer.Text(0x00081010, "SH", "CT01");
        writer.Text(0x00081030, "LO", "CT CHEST WITHOUT CONTRAST");
        writer.Text(0x0008103E, "LO", "AXIAL 1.0 B30f");
        writer.Text(0x00081090, "LO", "SYNTHETIC 64");
        writer.Text(0x00100010, "PN", SyntheticIdentity.PatientName(identity.Study));
        writer.Text(0x00100020, "LO", identity.PatientId);
        writer.Text(0x00100030, "DA", "19640229");
        writer.Text(0x00100040, "CS", identity.Study % 2 == 0 ? "F" : "M");
        writer.Text(0x00180015, "CS", "CHEST");
        writer.Text(0x00180050, "DS", "1.0");
        writer.Text(0x00180060, "DS", "120");
        writer.Text(0x00185100, "CS", "HFS");
        WriteRelationship(ref writer, identity, uid);
        WriteImage(ref writer);
        writer.BulkHeader(0x7FE00010, (uint)PixelBytes);
        return writer.LengthBytes;
    }

    private static void WriteRelationship(ref ElementWriter writer, SyntheticIdentity identity, scoped Span<byte> uid)
    {
        var slice = identity.Number % 100_000;
        identity.WriteUid('1', uid);
        writer.Text(0x0020000D, "UI", uid);
        identity.WriteUid('2', uid);
        writer.Text(0x0020000E, "UI", uid);
        writer.Text(0x00200010, "SH", string.Create(CultureInfo.InvariantCulture, $"{identity.Study:D10}"));
        writer.Text(0x00200011, "IS", "1");
        writer.Text(0x00200012, "IS", "1");
        writer.Text(0x00200013, "IS", string.Create(CultureInfo.InvariantCulture, $"{slice,6}"));
        writer.Text(0x00200032, "DS", string.Create(CultureInfo.InvariantCulture, $"-250.0\\-250.0\\{slice,8}.5"));
        writer.Text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
        identity.WriteUid('4', uid);
        writer.Text(0x00200052, "UI", uid);
        writer.Text(0x00201040, "LO", "XIPHOID");
        writer.Text(0x00201041, "DS", string.Create(CultureInfo.InvariantCulture, $"{slice,8}.5"));
    }

    private void WriteImage(ref ElementWriter writer)
    {
        writer.UInt16(0x00280002, 1);
        writer.Text(0x00280004, "CS", "MONOCHROME2");
        if (IsMultiFrame)
        {
            writer.Text(0x00280008, "IS", _frames.ToString(CultureInfo.InvariantCulture));
        }

        writer.UInt16(0x00280010, (ushort)_rows);
        writer.UInt16(0x00280011, (ushort)_columns);
        writer.Text(0x00280030, "DS", "0.976562\\0.976562");
        writer.UInt16(0x00280100, 16);
        writer.UInt16(0x00280101, 12);
        writer.UInt16(0x00280102, 11);
        writer.UInt16(0x00280103, 0);
        writer.Text(0x00281050, "DS", "40");
        writer.Text(0x00281051, "DS", "400");
        writer.Text(0x00281052, "DS", "-1024");
        writer.Text(0x00281053, "DS", "1");
    }
}

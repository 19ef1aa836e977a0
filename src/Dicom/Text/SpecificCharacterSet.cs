using System.Buffers;
using System.Text;

namespace Panal.Dicom.Text;

/// <summary>Reads and writes the text of one data set; immutable, shared by all threads.</summary>
/// <remarks>PS3.5 §6.1; PS3.3 §C.12.1.1.2.</remarks>
public abstract class SpecificCharacterSet
{
    protected const byte Escape = 0x1B;

    private readonly string[] _terms;

    private protected SpecificCharacterSet(string[] terms, CharacterSetDefects defects) => (_terms, Defects) = (terms, defects);

    /// <summary>The terms as they were given, without padding; none for the default repertoire.</summary>
    public ReadOnlySpan<string> Terms => _terms;

    /// <summary>What was wrong with the terms.</summary>
    public CharacterSetDefects Defects { get; }

    /// <summary>Whether bytes below 80H are ASCII wherever no escape sequence stands.</summary>
    private protected virtual bool IsAsciiBased => true;

    /// <summary>Whether a value is read as ASCII, byte by byte: then its bytes are its text.</summary>
    /// <param name="vr">As in <see cref="Decode"/>.</param>
    public bool IsAscii(ReadOnlySpan<byte> value, Vr vr) =>
        Ascii.IsValid(value) && (!vr.IsText() || (!value.Contains(Escape) && (IsAsciiBased || value.IndexOfAny((byte)'\\', (byte)'~') < 0)));

    /// <summary>Reads a whole value, its backslashes and padding included; what cannot be read becomes U+FFFD. Never fails.</summary>
    /// <param name="vr">Decides which characters are delimiters; the VRs outside of the Specific Character Set are read as ASCII.</param>
    public string Decode(ReadOnlySpan<byte> value, Vr vr)
    {
        if (IsAscii(value, vr))
        {
            return Encoding.ASCII.GetString(value);
        }

        return vr.IsText() ? DecodeText(value, vr) : DecodeUndeclared(value);
    }

    /// <summary>Writes a whole value without padding; false when a character had no place in the set and became a question mark.</summary>
    /// <param name="vr">As in <see cref="Decode"/>.</param>
    public bool Encode(ReadOnlySpan<char> text, Vr vr, IBufferWriter<byte> target)
    {
        // An escape character in the text would be read as the start of an escape sequence.
        if (Ascii.IsValid(text) && (!vr.IsText() || (!text.Contains((char)Escape) && (IsAsciiBased || text.IndexOfAny('\\', '~') < 0))))
        {
            Encoding.ASCII.GetBytes(text, target);
            return true;
        }

        if (vr.IsText())
        {
            return EncodeText(text, vr, target);
        }

        Encoding.ASCII.GetBytes(text, target);
        return false;
    }

    /// <summary>Whether the set has a place for every character.</summary>
    public bool CanEncode(ReadOnlySpan<char> text, Vr vr) => Encode(text, vr, new ArrayBufferWriter<byte>(text.Length * 2));

    private protected abstract string DecodeText(ReadOnlySpan<byte> value, Vr vr);

    private protected abstract bool EncodeText(ReadOnlySpan<char> text, Vr vr, IBufferWriter<byte> target);

    /// <summary>Reads bytes that no set was declared for: nearly always UTF-8, or else Latin-1, sent by a device that has not said so.</summary>
    private protected static string DecodeUndeclared(ReadOnlySpan<byte> value) =>
        System.Text.Unicode.Utf8.IsValid(value) ? Encoding.UTF8.GetString(value) : Encoding.Latin1.GetString(value);
}

/// <summary>UTF-8, GB18030 and GBK: one encoding for everything, without escape sequences.</summary>
internal sealed class WholeCharacterSet(string[] terms, CharacterSetDefects defects, Encoding encoding) : SpecificCharacterSet(terms, defects)
{
    private protected override string DecodeText(ReadOnlySpan<byte> value, Vr vr) => encoding.GetString(value);

    private protected override bool EncodeText(ReadOnlySpan<char> text, Vr vr, IBufferWriter<byte> target)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(encoding.GetMaxByteCount(text.Length));
        try
        {
            var length = encoding.GetBytes(text, bytes);
            target.Write(bytes.AsSpan(0, length));
            return encoding.GetString(bytes, 0, length).AsSpan().SequenceEqual(text);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}

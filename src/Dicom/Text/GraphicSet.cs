namespace Panal.Dicom.Text;

/// <summary>A set of graphic characters that an escape sequence invokes as G0 (bytes below 80H) or G1 (above).</summary>
/// <remarks>PS3.5 §6.1.2.5; ISO/IEC 2022. Codes are kept with the high bit clear.</remarks>
internal sealed class GraphicSet
{
    /// <summary>Rows and cells of a set of two bytes: 21H to 7EH each.</summary>
    public const int Side = 94;

    public const char Undefined = '\uFFFD';

    /// <summary>Tells code 0 from no code.</summary>
    private const int Present = 0x8000;

    private readonly char[] _characters;
    private readonly ushort[]?[] _codes = new ushort[256][];

    /// <param name="width">Bytes of a code: 1 or 2.</param>
    /// <param name="characters">128 characters of a set of one byte, by code; 94 × 94 of a set of two.</param>
    /// <param name="isReadOnly">Whether a place is understood in reading but never written, because the set does not define it.</param>
    public GraphicSet(byte[] escape, bool isG1, int width, char[] characters, Func<int, bool> isReadOnly)
    {
        (Escape, IsG1, Width, _characters) = (escape, isG1, width, characters);
        for (var place = 0; place < characters.Length; place++)
        {
            var character = characters[place];
            if (character != Undefined && !isReadOnly(place))
            {
                AddCode(character, place);
            }
        }
    }

    /// <summary>The sequence that invokes the set, with the escape character.</summary>
    public byte[] Escape { get; }

    public bool IsG1 { get; }

    public int Width { get; }

    /// <summary>Reads what other implementations write in places that no set of two bytes has; U+FFFD when there is nothing.</summary>
    public Func<byte, byte, char>? ReadBeyond { get; init; }

    /// <summary>The character of a set of one byte.</summary>
    public char this[int code] => _characters[code & 0x7F];

    /// <summary>The character of a set of two bytes; both between 21H and 7EH.</summary>
    public char this[int row, int cell] => _characters[((row - 0x21) * Side) + cell - 0x21];

    /// <summary>Finds the code of a character, of one or two bytes by <see cref="Width"/>.</summary>
    public bool TryGetCode(char character, out int code)
    {
        code = _codes[character >> 8]?[character & 0xFF] ?? 0;
        var isThere = code != 0;
        code &= ~Present;
        return isThere;
    }

    /// <summary>Lets a character be written that reads back as its neighbour in meaning.</summary>
    public GraphicSet WithAlias(char character, int code)
    {
        AddCode(character, Width == 1 ? code : (((code >> 8) - 0x21) * Side) + (code & 0xFF) - 0x21);
        return this;
    }

    private void AddCode(char character, int place)
    {
        ref var page = ref _codes[character >> 8];
        page ??= new ushort[256];
        ref var code = ref page[character & 0xFF];
        if (code == 0)
        {
            code = (ushort)(Present | (Width == 1 ? place : (((place / Side) + 0x21) << 8) | ((place % Side) + 0x21)));
        }
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Panal.Dicom.Text;

namespace Panal.Dicom.Printing;

/// <summary>Composes the line of one token, and keeps what later lines need of earlier ones: character sets and private creators.</summary>
internal sealed class ElementLine(DataSetPrinterOptions options)
{
    private const int IndentColumns = 2;
    private const int NameColumns = 34;
    private const int LeastLineWidthColumns = 60;

    /// <summary>Private creators that are remembered in one item; a real one has a few.</summary>
    private const int MaximumCreators = 1024;

    private readonly StringBuilder _line = new();
    private readonly List<Scope> _scopes = [new Scope(CharacterSets.Default)];

    private sealed class Scope(SpecificCharacterSet characterSet)
    {
        public SpecificCharacterSet CharacterSet { get; set; } = characterSet;

        public Dictionary<Tag, string> Creators { get; } = [];

        /// <summary>Items or fragments so far in the sequence that is open here.</summary>
        public int Items { get; set; }
    }

    /// <summary>The bytes of a value that the line wants to see.</summary>
    public int WantedBytes(in DataSetToken token)
    {
        if (token.Kind is not (DataSetTokenKind.Element or DataSetTokenKind.Fragment))
        {
            return 0;
        }

        // A character has at most four bytes, and may stand between escape sequences.
        var shown = options.ShowsWholeValues ? options.ValueLimitBytes : Math.Max(4 * options.LineWidthColumns, 1024);
        return (int)Math.Min(token.LengthBytes, Math.Min(shown, options.ValueLimitBytes));
    }

    /// <summary>The line of a token, or null when it has none.</summary>
    /// <param name="token">The token.</param>
    /// <param name="value">The start of the value in little endian.</param>
    public StringBuilder? Compose(in DataSetToken token, ReadOnlySpan<byte> value)
    {
        _line.Clear();
        switch (token.Kind)
        {
            case DataSetTokenKind.Element:
                Remember(token.Tag, value);
                AppendHead(token);
                AppendValue(token, value);
                break;
            case DataSetTokenKind.SequenceStart or DataSetTokenKind.FragmentsStart:
                _scopes[^1].Items = 0;
                AppendHead(token);
                break;
            case DataSetTokenKind.ItemStart:
                AppendPart(token, $"item {++_scopes[^1].Items}");
                _scopes.Add(new Scope(_scopes[^1].CharacterSet));
                break;
            case DataSetTokenKind.Fragment:
                var number = _scopes[^1].Items++;
                AppendPart(token, number == 0 ? "offset table" : string.Create(CultureInfo.InvariantCulture, $"fragment {number}"));
                AppendFragment(token, value, isOffsetTable: number == 0);
                break;
            case DataSetTokenKind.ItemEnd:
                _scopes.RemoveAt(_scopes.Count - 1);
                return null;
            default:
                return null;
        }

        while (_line.Length > 0 && _line[^1] == ' ')
        {
            _line.Length--;
        }

        return _line;
    }

    private void Remember(Tag tag, ReadOnlySpan<byte> value)
    {
        var scope = _scopes[^1];
        if (tag == Tags.SpecificCharacterSet)
        {
            scope.CharacterSet = CharacterSets.ForValue(value);
        }
        else if (tag.IsPrivateCreator && scope.Creators.Count < MaximumCreators)
        {
            scope.Creators[tag] = CharacterSets.Default.Decode(value[..Math.Min(value.Length, 64)], Vr.LO).Trim(' ', '\0');
        }
    }

    private void AppendHead(in DataSetToken token)
    {
        AppendOffset(token);
        AppendIndent(token.Depth * 2);
        _line.Append(CultureInfo.InvariantCulture, $"{token.Tag} {Code(token.Vr)} ");
        AppendLength(token.LengthBytes);
        _line.Append("  ");
        var start = _line.Length;
        PrintedText.Append(_line, Name(token.Tag), 2 * NameColumns, isCut: false);
        var room = NameColumns - (token.Depth * 2 * IndentColumns) - (_line.Length - start);
        _line.Append(' ', Math.Max(room, 0) + 1);
    }

    private void AppendPart(in DataSetToken token, string name)
    {
        AppendOffset(token);
        AppendIndent((token.Depth * 2) + 1);
        _line.Append(name.PadRight(14));
        AppendLength(token.LengthBytes);
        _line.Append("  ");
    }

    private void AppendOffset(in DataSetToken token)
    {
        if (options.ShowsOffsets)
        {
            _line.Append(CultureInfo.InvariantCulture, $"{token.OffsetBytes:X8}  ");
        }
    }

    private void AppendIndent(int levels) => _line.Append(' ', levels * IndentColumns);

    private void AppendLength(long lengthBytes) =>
        _line.Append((lengthBytes < 0 ? "open" : lengthBytes.ToString(CultureInfo.InvariantCulture)).PadLeft(8));

    /// <summary>A VR that is not of the standard may hold any two bytes.</summary>
    private static string Code(Vr vr) => vr.IsKnown() ? vr.Code() : "??";

    private string Name(Tag tag)
    {
        if (tag.IsPrivateCreator)
        {
            return "PrivateCreator";
        }

        if (tag.IsPrivate && tag.Element >= 0x1000)
        {
            return _scopes[^1].Creators.TryGetValue(tag.PrivateCreator, out var creator)
                ? PrivateDictionary.TryFind(creator, tag, out _, out var name) ? $"[{creator}] {name}" : $"[{creator}]"
                : "[private]";
        }

        return tag.IsGroupLength ? "GroupLength" : DataDictionary.TryFind(tag, out var entry) ? entry.Keyword : "?";
    }

    private void AppendValue(in DataSetToken token, ReadOnlySpan<byte> value)
    {
        var isCut = value.Length < token.LengthBytes;
        var vr = token.Vr.IsKnown() ? token.Vr : Vr.UN;
        if (vr.IsString())
        {
            var text = DataSetText.Trim(_scopes[^1].CharacterSet.Decode(value, vr), vr);
            if (vr == Vr.UI && !isCut && text.Length > 0 && Uids.NameOf(text) is var name && name != text)
            {
                text = $"{text} {name}";
            }

            AppendShortened(text, isCut);
        }
        else if (ElementNumbers.IsNumber(vr) || vr == Vr.AT)
        {
            AppendNumbers(vr, value, isCut);
        }
        else
        {
            AppendBytes(value, isCut);
        }
    }

    private void AppendNumbers(Vr vr, ReadOnlySpan<byte> value, bool isCut)
    {
        var numbers = new StringBuilder();
        var count = ElementNumbers.Count(vr, value.Length);
        for (var index = 0; index < count && numbers.Length <= Room; index++)
        {
            numbers.Append(index > 0 ? "\\" : "");
            if (vr == Vr.AT)
            {
                var tag = ElementNumbers.ReadTag(value, index);
                numbers.Append(CultureInfo.InvariantCulture, $"{tag}{(DataDictionary.TryFind(tag, out var entry) ? " " + entry.Keyword : "")}");
            }
            else
            {
                numbers.Append(ElementNumbers.Text(value, vr, index));
            }
        }

        AppendShortened(numbers.ToString(), isCut);
    }

    private void AppendFragment(in DataSetToken token, ReadOnlySpan<byte> value, bool isOffsetTable)
    {
        if (!isOffsetTable)
        {
            AppendBytes(value[..Math.Min(value.Length, 16)], value.Length > 16);
            return;
        }

        var offsets = new StringBuilder();
        for (var index = 0; index < value.Length / 4 && offsets.Length <= Room; index++)
        {
            offsets.Append(index > 0 ? " " : "").Append(CultureInfo.InvariantCulture, $"{BinaryPrimitives.ReadUInt32LittleEndian(value[(4 * index)..])}");
        }

        AppendShortened(offsets.ToString(), value.Length < token.LengthBytes);
    }

    private void AppendBytes(ReadOnlySpan<byte> value, bool isCut)
    {
        var bytes = new StringBuilder();
        for (var index = 0; index < value.Length && bytes.Length <= Room; index++)
        {
            bytes.Append(index > 0 ? " " : "").Append(CultureInfo.InvariantCulture, $"{value[index]:X2}");
        }

        AppendShortened(bytes.ToString(), isCut);
    }

    private int Room => options.ShowsWholeValues
        ? int.MaxValue
        : Math.Max(Math.Max(options.LineWidthColumns, LeastLineWidthColumns) - _line.Length, LeastLineWidthColumns / 3);

    private void AppendShortened(string text, bool isCut) => PrintedText.Append(_line, text, Room, isCut);
}

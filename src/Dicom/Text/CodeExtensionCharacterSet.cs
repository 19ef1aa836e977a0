using System.Buffers;
using System.Text;

namespace Panal.Dicom.Text;

/// <summary>Sets in the code elements G0 and G1, changed by escape sequences (ISO/IEC 2022), put back at every delimiter.</summary>
/// <remarks>PS3.5 §6.1.2.5, Annexes H to K.</remarks>
internal sealed class CodeExtensionCharacterSet : SpecificCharacterSet
{
    /// <summary>Two escape sequences of four bytes to leave sets, one to enter one, and two bytes of the character.</summary>
    private const int LongestCharacterBytes = 14;

    private const int ChunkCharacters = 512;

    private static readonly Lazy<Encoding> ShiftJis = new(() => CodePages.Get(CodePages.ShiftJis));

    private readonly Lazy<GraphicSet> _firstG0;
    private readonly Lazy<GraphicSet>? _firstG1;
    private readonly Lazy<GraphicSet>? _assumedG1;
    private readonly Lazy<GraphicSet>[] _extensions;

    public CodeExtensionCharacterSet(string[] terms, CharacterSetDefects defects, List<CharacterSetTerm> found)
        : base(terms, defects)
    {
        var first = found.Count > 0 && !found[0].IsOnlyExtension ? found[0] : null;
        _firstG0 = first?.G0 ?? GraphicSets.Ascii;
        _firstG1 = first?.G1;

        // Korean and Chinese sets have to be invoked in each component; senders forget it.
        _assumedG1 = _firstG1 ?? found.Find(term => term.G1 is not null)?.G1;
        _extensions = found.Count > 1 || (found.Count == 1 && found[0].HasCodeExtensions)
            ? [.. found.SelectMany(term => new[] { term.G0, term.G1 }).OfType<Lazy<GraphicSet>>().Append(GraphicSets.Ascii).Distinct()]
            : [];
    }

    private protected override bool IsAsciiBased => _firstG0 == GraphicSets.Ascii;

    private protected override string DecodeText(ReadOnlySpan<byte> value, Vr vr)
    {
        if (!value.Contains(Escape))
        {
            if (_assumedG1 is null)
            {
                return DecodeUndeclared(value);
            }

            if (_assumedG1 == GraphicSets.Katakana && TryDecodeShiftJis(value, out var text))
            {
                return text;
            }
        }

        var characters = ArrayPool<char>.Shared.Rent(value.Length);
        try
        {
            return new string(characters, 0, Decode(value, characters, vr));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private protected override bool EncodeText(ReadOnlySpan<char> text, Vr vr, IBufferWriter<byte> target)
    {
        var writer = new Writer(this, vr);
        while (!text.IsEmpty)
        {
            var chunk = text[..Math.Min(text.Length, ChunkCharacters)];
            chunk = chunk.Length > 1 && char.IsHighSurrogate(chunk[^1]) ? chunk[..^1] : chunk;
            var span = target.GetSpan((chunk.Length + 1) * LongestCharacterBytes);
            target.Advance(writer.Write(chunk, span));
            text = text[chunk.Length..];
        }

        target.Advance(writer.Reset(target.GetSpan(LongestCharacterBytes)));
        return writer.IsWhole;
    }

    /// <summary>Katakana have no bytes 80H to A0H and E0H to FFH; where such bytes stand, the sender has written Shift-JIS.</summary>
    private static bool TryDecodeShiftJis(ReadOnlySpan<byte> value, out string text)
    {
        text = "";
        if (value.IndexOfAnyInRange((byte)0x80, (byte)0xA0) < 0 && value.IndexOfAnyInRange((byte)0xE0, (byte)0xFF) < 0)
        {
            return false;
        }

        text = ShiftJis.Value.GetString(value);
        return !text.Contains(GraphicSet.Undefined);
    }

    /// <summary>Whether the first sets are in force again from this character on (PS3.5 §6.1.2.5.3).</summary>
    private static bool IsDelimiter(int character, Vr vr) => character switch
    {
        < 0x20 => true,
        '\\' => vr.IsMultiValued(),
        '^' or '=' => vr == Vr.PN,
        _ => false,
    };

    /// <summary>Whether a set of two bytes has a place for it: 21H to 7EH, A1H to FEH.</summary>
    private static bool IsGraphic(byte octet) => (octet & 0x7F) is > 0x20 and < 0x7F;

    private int Decode(ReadOnlySpan<byte> value, Span<char> characters, Vr vr)
    {
        var (firstG0, firstG1) = (_firstG0.Value, _assumedG1?.Value);
        var (g0, g1) = (firstG0, firstG1);
        var (written, position) = (0, 0);
        while (position < value.Length)
        {
            var octet = value[position];
            if (octet == Escape && GraphicSets.Find(value[position..]) is { } invoked)
            {
                (g0, g1) = invoked.IsG1 ? (g0, invoked) : (invoked, g1);
                position += invoked.Escape.Length;
                continue;
            }

            var set = octet < 0x80 ? g0 : g1;
            if (set?.Width == 2 && (IsGraphic(octet) || (octet > 0x80 && set.ReadBeyond is not null)))
            {
                characters[written++] = DecodePair(set, value[position..], out var length);
                position += length;
                continue;
            }

            if (octet < 0x80 && IsDelimiter(octet, vr) && octet != Escape)
            {
                (g0, g1) = (firstG0, firstG1);
                characters[written++] = (char)octet;
            }
            else
            {
                characters[written++] = octet == Escape ? GraphicSet.Undefined
                    : set is { Width: 1 } ? set[octet]
                    : octet < 0x80 ? (char)octet
                    : GraphicSet.Undefined;
            }

            position++;
        }

        return written;
    }

    private static char DecodePair(GraphicSet set, ReadOnlySpan<byte> value, out int length)
    {
        length = 1;
        if (value.Length < 2)
        {
            return GraphicSet.Undefined;
        }

        var (first, second) = (value[0], value[1]);
        var character = GraphicSet.Undefined;
        if (((first ^ second) & 0x80) == 0 && IsGraphic(first) && IsGraphic(second))
        {
            (length, character) = (2, set[first & 0x7F, second & 0x7F]);
        }

        if (character == GraphicSet.Undefined && set.ReadBeyond is { } readBeyond && second is >= 0x40 and not ((byte)'\\' or (byte)'^'))
        {
            character = readBeyond(first, second);
            length = character == GraphicSet.Undefined ? length : 2;
        }

        return character;
    }

    /// <summary>Writes characters and remembers the sets in force between chunks.</summary>
    private ref struct Writer
    {
        private readonly CodeExtensionCharacterSet _owner;
        private readonly Vr _vr;
        private readonly GraphicSet _firstG0;
        private readonly GraphicSet? _firstG1;
        private GraphicSet _g0;
        private GraphicSet? _g1;
        private Span<byte> _target;
        private int _written;

        public Writer(CodeExtensionCharacterSet owner, Vr vr)
        {
            (_owner, _vr, IsWhole) = (owner, vr, true);
            (_firstG0, _firstG1) = (owner._firstG0.Value, owner._firstG1?.Value);
            (_g0, _g1) = (_firstG0, _firstG1);
        }

        /// <summary>Whether every character has had a place so far.</summary>
        public bool IsWhole { get; private set; }

        public int Write(ReadOnlySpan<char> text, Span<byte> target)
        {
            _target = target;
            _written = 0;
            for (var i = 0; i < text.Length; i++)
            {
                var character = text[i];
                if (IsDelimiter(character, _vr) && character != Escape)
                {
                    PutBack();
                    Put((byte)character);
                }
                else if (!TryWrite(character))
                {
                    IsWhole = false;
                    Invoke(_firstG0);

                    // One question mark for both halves of a character beyond the Basic Multilingual Plane.
                    i += char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 1 : 0;
                    Put((byte)'?');
                }
            }

            return _written;
        }

        /// <summary>Puts the first sets back in force at the end of the value.</summary>
        public int Reset(Span<byte> target)
        {
            _target = target;
            _written = 0;
            PutBack();
            return _written;
        }

        private bool TryWrite(char character)
        {
            if (TryWrite(_g0, character) || (_g1 is not null && TryWrite(_g1, character)))
            {
                return true;
            }

            foreach (var extension in _owner._extensions)
            {
                var set = extension.Value;
                if (set != _g0 && set != _g1 && set.TryGetCode(character, out _))
                {
                    Invoke(set);
                    if (TryWrite(set, character))
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        private bool TryWrite(GraphicSet set, char character)
        {
            // The yen sign of JIS X 0201 would be read as the backslash that separates values.
            if (!set.TryGetCode(character, out var code) || (!set.IsG1 && code == '\\' && character != '\\' && _vr.IsMultiValued()))
            {
                return false;
            }

            var high = set.IsG1 ? 0x80 : 0;
            if (set.Width == 2)
            {
                Put((byte)((code >> 8) | high));
            }

            Put((byte)((code & 0x7F) | high));
            return true;
        }

        private void PutBack()
        {
            Invoke(_firstG0);
            if (_firstG1 is not null)
            {
                Invoke(_firstG1);
            }

            _g1 = _firstG1;
        }

        private void Invoke(GraphicSet set)
        {
            if (set == _g0 || set == _g1)
            {
                return;
            }

            set.Escape.CopyTo(_target[_written..]);
            _written += set.Escape.Length;
            (_g0, _g1) = set.IsG1 ? (_g0, set) : (set, _g1);
        }

        private void Put(byte octet) => _target[_written++] = octet;
    }
}

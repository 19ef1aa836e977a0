using System.Buffers;
using System.Collections;
using System.Runtime.InteropServices;

namespace Panal.Dicom;

/// <summary>
/// A data set in memory, ordered by tag: command sets, identifiers, catalogued attributes. Text is read and written by its own
/// Specific Character Set (0008,0005), which items inherit; so set that one before text.
/// </summary>
/// <remarks>PS3.5 §7; PS3.3 §C.12.1.1.2. Not safe for writers beside readers.</remarks>
public sealed class DataSet : IReadOnlyCollection<Element>
{
    private Element[] _elements;
    private int _count;
    private DataSet? _parent;
    private string[]? _characterSets;

    public DataSet()
        : this(8)
    {
    }

    /// <param name="capacity">Elements expected.</param>
    public DataSet(int capacity) => _elements = new Element[Math.Max(capacity, 4)];

    /// <summary>Number of elements at the top level.</summary>
    public int Count => _count;

    /// <summary>The elements in ascending order of their tags.</summary>
    public ReadOnlySpan<Element> Elements => _elements.AsSpan(0, _count);

    /// <summary>The terms of (0008,0005), or of the enclosing data set; empty means the default repertoire.</summary>
    public ReadOnlySpan<string> CharacterSets
    {
        get
        {
            if (_characterSets is null)
            {
                var index = IndexOf(Tags.SpecificCharacterSet);
                if (index < 0)
                {
                    return _parent is null ? [] : _parent.CharacterSets;
                }

                _characterSets = Split(DataSetText.Decode(_elements[index].Value.Span, Vr.CS, []), Vr.CS);
            }

            return _characterSets;
        }
    }

    public bool Contains(Tag tag) => IndexOf(tag) >= 0;

    public bool TryGet(Tag tag, out Element element)
    {
        var index = IndexOf(tag);
        element = index >= 0 ? _elements[index] : default;
        return index >= 0;
    }

    /// <summary>Whether the element is there with a value of at least one byte, item or fragment.</summary>
    public bool HasValue(Tag tag) =>
        TryGet(tag, out var element) && (element.Value.Length > 0 || element.Items.Count > 0 || element.Fragments.Count > 0);

    /// <summary>Adds the element, or replaces the one of the same tag.</summary>
    public void Set(Element element)
    {
        foreach (var item in element.Items)
        {
            item._parent = this;
        }

        if (element.Tag == Tags.SpecificCharacterSet)
        {
            ForgetCharacterSets();
        }

        var index = _count == 0 || _elements[_count - 1].Tag < element.Tag ? ~_count : IndexOf(element.Tag);
        if (index >= 0)
        {
            _elements[index] = element;
            return;
        }

        index = ~index;
        if (_count == _elements.Length)
        {
            Array.Resize(ref _elements, _count * 2);
        }

        Array.Copy(_elements, index, _elements, index + 1, _count - index);
        _elements[index] = element;
        _count++;
    }

    public bool Remove(Tag tag)
    {
        var index = IndexOf(tag);
        if (index < 0)
        {
            return false;
        }

        _count--;
        Array.Copy(_elements, index + 1, _elements, index, _count - index);
        _elements[_count] = default;
        if (tag == Tags.SpecificCharacterSet)
        {
            ForgetCharacterSets();
        }

        return true;
    }

    /// <summary>The first value as text without padding; null when the element is missing, empty or neither text nor number.</summary>
    public string? GetString(Tag tag)
    {
        if (!TryGet(tag, out var element) || element.Value.IsEmpty)
        {
            return null;
        }

        var vr = EffectiveVr(element);
        var value = element.Value.Span;
        if (vr.IsString())
        {
            var text = DataSetText.Decode(value, vr, CharacterSets);
            var end = vr.IsMultiValued() ? text.IndexOf('\\') : -1;
            text = DataSetText.Trim(end >= 0 ? text[..end] : text, vr);
            return text.Length > 0 ? text : null;
        }

        return (ElementNumbers.IsNumber(vr) || vr == Vr.AT) && ElementNumbers.Count(vr, value.Length) > 0
            ? ElementNumbers.Text(value, vr, 0)
            : null;
    }

    /// <summary>All values as text without padding; empty values stay in their places; none when the element is missing or empty.</summary>
    public string[] GetStrings(Tag tag)
    {
        if (!TryGet(tag, out var element) || element.Value.IsEmpty)
        {
            return [];
        }

        var vr = EffectiveVr(element);
        var value = element.Value.Span;
        if (vr.IsString())
        {
            return Split(DataSetText.Decode(value, vr, CharacterSets), vr);
        }

        if (!ElementNumbers.IsNumber(vr) && vr != Vr.AT)
        {
            return [];
        }

        var texts = new string[ElementNumbers.Count(vr, value.Length)];
        for (var index = 0; index < texts.Length; index++)
        {
            texts[index] = ElementNumbers.Text(value, vr, index);
        }

        return texts;
    }

    /// <summary>The first value when it is an integer in range, from any numeric VR or from IS and DS.</summary>
    public ushort? GetUInt16(Tag tag) => GetInteger(tag) is { } value && value >= ushort.MinValue && value <= ushort.MaxValue ? (ushort)value : null;

    /// <inheritdoc cref="GetUInt16"/>
    public uint? GetUInt32(Tag tag) => GetInteger(tag) is { } value && value >= uint.MinValue && value <= uint.MaxValue ? (uint)value : null;

    /// <inheritdoc cref="GetUInt16"/>
    public int? GetInt32(Tag tag) => GetInteger(tag) is { } value && value >= int.MinValue && value <= int.MaxValue ? (int)value : null;

    /// <inheritdoc cref="GetUInt16"/>
    public long? GetInt64(Tag tag) => GetInteger(tag) is { } value && value >= long.MinValue && value <= long.MaxValue ? (long)value : null;

    /// <summary>The first value as a finite number, from any numeric VR or from IS and DS.</summary>
    public double? GetDouble(Tag tag) =>
        TryGet(tag, out var element) ? ElementNumbers.FirstDouble(element.Value.Span, EffectiveVr(element), GetString(tag)) : null;

    /// <summary>The values of an element of VR AT.</summary>
    public Tag[] GetTags(Tag tag)
    {
        if (!TryGet(tag, out var element) || EffectiveVr(element) != Vr.AT)
        {
            return [];
        }

        var tags = new Tag[element.Value.Length / 4];
        for (var index = 0; index < tags.Length; index++)
        {
            tags[index] = ElementNumbers.ReadTag(element.Value.Span, index);
        }

        return tags;
    }

    /// <summary>The items; none when the element is missing or no sequence. A sequence that came as UN is decoded.</summary>
    /// <exception cref="DicomFormatException">The element came as UN and holds no sequence.</exception>
    public IReadOnlyList<DataSet> GetSequence(Tag tag)
    {
        if (!TryGet(tag, out var element))
        {
            return [];
        }

        return element.Vr == Vr.UN && !element.Value.IsEmpty && DataDictionary.VrOf(tag) == Vr.SQ
            ? DataSetEncoding.DecodeUnknownSequence(element.Value, this)
            : element.Items;
    }

    /// <summary>Sets values with the VR of the dictionary; numbers are given in decimal, tags as <see cref="Tag.Parse"/> reads them.</summary>
    /// <exception cref="FormatException">A value does not fit the VR.</exception>
    public void Set(Tag tag, params ReadOnlySpan<string> values) => Set(tag, DataDictionary.VrOf(tag), values);

    /// <summary>Sets values with a VR, for private elements and choices.</summary>
    /// <exception cref="FormatException">A value does not fit the VR.</exception>
    public void Set(Tag tag, Vr vr, params ReadOnlySpan<string> values)
    {
        if (vr.IsString())
        {
            var bytes = new ArrayBufferWriter<byte>(32);
            DataSetText.Encode(values.Length == 1 ? values[0] : string.Join('\\', values), vr, CharacterSets, bytes);
            if ((bytes.WrittenCount & 1) != 0)
            {
                bytes.Write([vr.PaddingByte()]);
            }

            Set(new Element(tag, vr, bytes.WrittenMemory));
            return;
        }

        var unit = vr == Vr.AT ? 4 : vr.UnitLengthBytes();
        var numbers = new byte[unit * values.Length];
        for (var index = 0; index < values.Length; index++)
        {
            ElementNumbers.Write(values[index], vr, numbers.AsSpan(unit * index, unit));
        }

        Set(new Element(tag, vr, numbers));
    }

    public void SetUInt16(Tag tag, params ReadOnlySpan<ushort> values) => SetNumbers(tag, Vr.US, values);

    public void SetInt16(Tag tag, params ReadOnlySpan<short> values) => SetNumbers(tag, Vr.SS, values);

    public void SetUInt32(Tag tag, params ReadOnlySpan<uint> values) => SetNumbers(tag, Vr.UL, values);

    public void SetInt32(Tag tag, params ReadOnlySpan<int> values) => SetNumbers(tag, Vr.SL, values);

    public void SetUInt64(Tag tag, params ReadOnlySpan<ulong> values) => SetNumbers(tag, Vr.UV, values);

    public void SetInt64(Tag tag, params ReadOnlySpan<long> values) => SetNumbers(tag, Vr.SV, values);

    public void SetSingle(Tag tag, params ReadOnlySpan<float> values) => SetNumbers(tag, Vr.FL, values);

    public void SetDouble(Tag tag, params ReadOnlySpan<double> values) => SetNumbers(tag, Vr.FD, values);

    public void SetTags(Tag tag, params ReadOnlySpan<Tag> values)
    {
        var bytes = new byte[4 * values.Length];
        for (var index = 0; index < values.Length; index++)
        {
            ElementNumbers.WriteTag(values[index], bytes.AsSpan(4 * index));
        }

        Set(new Element(tag, Vr.AT, bytes));
    }

    public void SetSequence(Tag tag, IReadOnlyList<DataSet> items) => Set(new Element(tag, items));

    /// <summary>Sets a value as it stands in little endian; the memory is not copied.</summary>
    public void SetBytes(Tag tag, Vr vr, ReadOnlyMemory<byte> value) => Set(new Element(tag, vr, value));

    /// <summary>Sets an empty element with the VR of the dictionary.</summary>
    public void SetEmpty(Tag tag) =>
        Set(DataDictionary.VrOf(tag) == Vr.SQ ? new Element(tag, []) : new Element(tag, DataDictionary.VrOf(tag), ReadOnlyMemory<byte>.Empty));

    /// <summary>The same data set with all text in other character sets, items included.</summary>
    /// <param name="terms">Defined terms, such as <c>ISO_IR 192</c>; none for the default repertoire.</param>
    public DataSet WithCharacterSets(params ReadOnlySpan<string> terms)
    {
        var copy = new DataSet(_count + 1) { _parent = _parent };
        if (terms.Length > 0)
        {
            copy.Set(Tags.SpecificCharacterSet, terms);
        }

        copy.CopyTextFrom(this, keepsOwnTerms: true);
        return copy;
    }

    /// <summary>Whether both have the same elements with the same VRs and values, items included.</summary>
    public bool ContentEquals(DataSet other)
    {
        if (_count != other._count)
        {
            return false;
        }

        for (var index = 0; index < _count; index++)
        {
            ref var mine = ref _elements[index];
            ref var theirs = ref other._elements[index];
            if (mine.Tag != theirs.Tag || mine.Vr != theirs.Vr || !mine.Value.Span.SequenceEqual(theirs.Value.Span)
                || mine.Items.Count != theirs.Items.Count || mine.Fragments.Count != theirs.Fragments.Count
                || !mine.Items.Zip(theirs.Items).All(pair => pair.First.ContentEquals(pair.Second))
                || !mine.Fragments.Zip(theirs.Fragments).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span)))
            {
                return false;
            }
        }

        return true;
    }

    public IEnumerator<Element> GetEnumerator()
    {
        for (var index = 0; index < _count; index++)
        {
            yield return _elements[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number of elements only: values may be patient data.</summary>
    public override string ToString() => $"{_count} elements [redacted]";

    internal void Inherit(DataSet parent) => _parent = parent;

    private void CopyTextFrom(DataSet source, bool keepsOwnTerms)
    {
        foreach (var element in source.Elements)
        {
            if (element.Tag == Tags.SpecificCharacterSet && keepsOwnTerms)
            {
                continue;
            }

            if (element.IsSequence)
            {
                var items = new DataSet[element.Items.Count];
                for (var index = 0; index < items.Length; index++)
                {
                    items[index] = new DataSet(element.Items[index].Count) { _parent = this };
                    items[index].CopyTextFrom(element.Items[index], keepsOwnTerms: true);
                }

                Set(new Element(element.Tag, items));
            }
            else if (element.Vr.IsText())
            {
                Set(element.Tag, element.Vr, DataSetText.Decode(element.Value.Span, element.Vr, source.CharacterSets).TrimEnd(' '));
            }
            else
            {
                Set(element);
            }
        }
    }

    // Panal runs on little-endian machines only, so numbers in memory are numbers of the value.
    private void SetNumbers<T>(Tag tag, Vr fallback, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values).ToArray();
        var vr = DataDictionary.VrOf(tag);
        var fits = vr.UnitLengthBytes() == fallback.UnitLengthBytes() && vr is Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW;
        Set(new Element(tag, fits ? vr : fallback, bytes));
    }

    private Int128? GetInteger(Tag tag) =>
        TryGet(tag, out var element) ? ElementNumbers.FirstInteger(element.Value.Span, EffectiveVr(element), GetString(tag)) : null;

    /// <summary>A public element that came as UN is read by the dictionary (PS3.5 §6.2.2).</summary>
    private static Vr EffectiveVr(in Element element) => element.Vr == Vr.UN ? DataDictionary.VrOf(element.Tag) : element.Vr;

    private static string[] Split(string text, Vr vr)
    {
        if (!vr.IsMultiValued())
        {
            return [DataSetText.Trim(text, vr)];
        }

        var values = text.Split('\\');
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = DataSetText.Trim(values[index], vr);
        }

        return values is [""] ? [] : values;
    }

    private void ForgetCharacterSets() => _characterSets = null;

    private int IndexOf(Tag tag)
    {
        var (low, high) = (0, _count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = _elements[middle].Tag.Value;
            if (found == tag.Value)
            {
                return middle;
            }

            (low, high) = found < tag.Value ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }
}

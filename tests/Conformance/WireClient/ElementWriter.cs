using System.Buffers.Binary;
using System.Text;

namespace Panal.Conformance.WireClient;

/// <summary>Writes top-level elements in little endian, explicit or implicit, into a span that the caller has made long enough.</summary>
public ref struct ElementWriter(Span<byte> target, bool isExplicitVr)
{
    private readonly Span<byte> _target = target;

    public int LengthBytes { get; private set; }

    /// <summary>Writes a text value; an odd one gets the pad of its VR.</summary>
    public void Text(uint tag, string vr, ReadOnlySpan<char> value)
    {
        var padded = value.Length + (value.Length & 1);
        var bytes = Start(tag, vr, padded);
        Encoding.ASCII.GetBytes(value, bytes);
        if (padded > value.Length)
        {
            bytes[^1] = vr == "UI" ? (byte)0 : (byte)' ';
        }
    }

    public void Text(uint tag, string vr, scoped ReadOnlySpan<byte> value)
    {
        var bytes = Start(tag, vr, value.Length + (value.Length & 1));
        bytes[^1] = vr == "UI" ? (byte)0 : (byte)' ';
        value.CopyTo(bytes);
    }

    public void UInt16(uint tag, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Start(tag, "US", 2), value);

    /// <summary>Writes the header of an OW value whose bytes the caller appends.</summary>
    public void BulkHeader(uint tag, uint lengthBytes)
    {
        WriteTag(tag);
        var header = _target[(LengthBytes + 4)..];
        var used = 4;
        if (isExplicitVr)
        {
            "OW\0\0"u8.CopyTo(header);
            used = 8;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header[(used - 4)..], lengthBytes);
        LengthBytes += 4 + used;
    }

    private readonly void WriteTag(uint tag)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_target[LengthBytes..], (ushort)(tag >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(_target[(LengthBytes + 2)..], (ushort)tag);
    }

    private Span<byte> Start(uint tag, string vr, int length)
    {
        WriteTag(tag);
        var header = _target.Slice(LengthBytes + 4, 4);
        if (isExplicitVr)
        {
            header[0] = (byte)vr[0];
            header[1] = (byte)vr[1];
            BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)length);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(header, length);
        }

        var value = _target.Slice(LengthBytes + 8, length);
        LengthBytes += 8 + length;
        return value;
    }
}

/// <summary>A short data set in implicit VR little endian: the identifiers of queries and their answers, top level only.</summary>
public sealed class Identifier
{
    private readonly SortedDictionary<uint, string> _values = [];

    public string this[uint tag]
    {
        get => _values.GetValueOrDefault(tag, "");
        set => _values[tag] = value;
    }

    public byte[] Encode()
    {
        var bytes = new byte[_values.Values.Sum(value => 9 + value.Length)];
        var writer = new ElementWriter(bytes, isExplicitVr: false);
        foreach (var (tag, value) in _values)
        {
            writer.Text(tag, value.Length > 0 && char.IsAsciiDigit(value[0]) && value.Contains('.', StringComparison.Ordinal) ? "UI" : "LO", value);
        }

        return bytes[..writer.LengthBytes];
    }

    /// <exception cref="WitnessProtocolException">An element does not fit.</exception>
    public static Identifier Decode(ReadOnlySpan<byte> bytes)
    {
        var identifier = new Identifier();
        while (bytes.Length >= 8)
        {
            var tag = (uint)(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16 | BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]));
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            if (length > bytes.Length - 8)
            {
                throw new WitnessProtocolException($"Element {tag:X8} does not fit its identifier.");
            }

            identifier._values[tag] = Encoding.Latin1.GetString(bytes.Slice(8, (int)length)).TrimEnd('\0', ' ');
            bytes = bytes[(8 + (int)length)..];
        }

        return identifier;
    }
}

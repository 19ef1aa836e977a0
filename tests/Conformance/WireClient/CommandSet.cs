using System.Buffers.Binary;
using System.Text;

namespace Panal.Conformance.WireClient;

/// <summary>A command set of PS3.7 in implicit VR little endian, written and read without Panal's own code.</summary>
public sealed class CommandSet
{
    public const ushort StoreRequest = 0x0001, GetRequest = 0x0010, FindRequest = 0x0020, MoveRequest = 0x0021, EchoRequest = 0x0030;
    public const ushort ResponseBit = 0x8000;
    public const uint AffectedSopClass = 0x00000002, CommandField = 0x00000100, MessageId = 0x00000110,
        MessageIdBeingRespondedTo = 0x00000120, MoveDestination = 0x00000600, Priority = 0x00000700, DataSetType = 0x00000800,
        Status = 0x00000900, ErrorComment = 0x00000902, AffectedSopInstance = 0x00001000, RemainingSubOperations = 0x00001020,
        CompletedSubOperations = 0x00001021, FailedSubOperations = 0x00001022, WarningSubOperations = 0x00001023;
    private const ushort NoDataSet = 0x0101;

    private readonly SortedDictionary<uint, byte[]> _elements = [];

    /// <summary>Command Field (0000,0100).</summary>
    public ushort Field => GetUInt16(CommandField);

    public bool HasDataSet => GetUInt16(DataSetType) != NoDataSet;

    /// <summary>Status (0000,0900); FF00 and FF01 are pending.</summary>
    public ushort StatusCode => GetUInt16(Status);

    public bool IsPending => StatusCode is 0xFF00 or 0xFF01;

    public static CommandSet Request(ushort field, ushort messageId, string sopClass, bool hasDataSet) => new CommandSet()
        .Set(AffectedSopClass, sopClass).Set(CommandField, field).Set(MessageId, messageId)
        .Set(DataSetType, hasDataSet ? (ushort)0x0001 : NoDataSet);

    public static CommandSet Response(CommandSet request, ushort status)
    {
        var response = new CommandSet()
            .Set(CommandField, (ushort)(request.Field | ResponseBit))
            .Set(MessageIdBeingRespondedTo, request.GetUInt16(MessageId))
            .Set(DataSetType, NoDataSet).Set(Status, status);
        foreach (var tag in (ReadOnlySpan<uint>)[AffectedSopClass, AffectedSopInstance])
        {
            if (request._elements.TryGetValue(tag, out var value))
            {
                response._elements[tag] = value;
            }
        }

        return response;
    }

    public CommandSet Set(uint tag, ushort value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        _elements[tag] = bytes;
        return this;
    }

    /// <summary>Sets a text; an odd length is padded with the null of UI or, for other tags, a space.</summary>
    public CommandSet Set(uint tag, string value)
    {
        var pad = tag is AffectedSopClass or AffectedSopInstance ? "\0" : " ";
        _elements[tag] = Encoding.ASCII.GetBytes(value.Length % 2 == 0 ? value : value + pad);
        return this;
    }

    public ushort GetUInt16(uint tag) =>
        _elements.TryGetValue(tag, out var value) && value.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(value) : (ushort)0;

    public string? GetString(uint tag) =>
        _elements.TryGetValue(tag, out var value) ? Encoding.ASCII.GetString(value).TrimEnd('\0', ' ') : null;

    public byte[] Encode()
    {
        var length = _elements.Values.Sum(value => 8 + value.Length);
        var bytes = new byte[12 + length];
        WriteElement(bytes, 0, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)length);
        var offset = 12;
        foreach (var (tag, value) in _elements)
        {
            WriteElement(bytes.AsSpan(offset), tag, value.Length);
            value.CopyTo(bytes, offset + 8);
            offset += 8 + value.Length;
        }

        return bytes;
    }

    /// <exception cref="WitnessProtocolException">An element does not fit.</exception>
    public static CommandSet Decode(ReadOnlySpan<byte> bytes)
    {
        var command = new CommandSet();
        while (!bytes.IsEmpty)
        {
            var length = bytes.Length < 8 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
            if (length < 0 || length > bytes.Length - 8)
            {
                throw new WitnessProtocolException("A command element does not fit its command set.");
            }

            var tag = (uint)(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16 | BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]));
            if (tag != 0)
            {
                command._elements[tag] = bytes.Slice(8, length).ToArray();
            }

            bytes = bytes[(8 + length)..];
        }

        return command;
    }

    private static void WriteElement(Span<byte> target, uint tag, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)(tag >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)tag);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], length);
    }
}

/// <summary>The peer broke the protocol, refused or aborted.</summary>
public sealed class WitnessProtocolException(string message) : Exception(message);

/// <summary>The connection ended in the middle of something.</summary>
public sealed class ConnectionLostException(string message, Exception? inner = null) : IOException(message, inner);

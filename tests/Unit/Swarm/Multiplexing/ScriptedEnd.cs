using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>The other end of a link, written by hand: sends the bytes that it is given, reads frame by frame.</summary>
internal sealed class ScriptedEnd(Stream line)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static byte[] Frame(byte type, byte flags, uint stream, params ReadOnlySpan<byte> payload)
    {
        var bytes = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)payload.Length);
        bytes[2] = type;
        bytes[3] = flags;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), stream);
        payload.CopyTo(bytes.AsSpan(8));
        return bytes;
    }

    public static byte[] Open(uint stream, string protocol, bool isBulk = false, uint credit = 262_144)
    {
        var payload = new byte[4 + protocol.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, credit);
        System.Text.Encoding.ASCII.GetBytes(protocol, payload.AsSpan(4));
        return Frame(1, isBulk ? (byte)1 : (byte)0, stream, payload);
    }

    public static byte[] Credit(uint stream, uint credit)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, credit);
        return Frame(3, 0, stream, payload);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => line.WriteAsync(bytes, Cancelled);

    /// <summary>The next frame, or null at the end of the connection.</summary>
    public async Task<(FrameType Type, uint Stream, byte[] Payload)?> ReadAsync()
    {
        var head = new byte[8];
        if (await line.ReadAtLeastAsync(head, 8, throwOnEndOfStream: false, Cancelled) < 8)
        {
            return null;
        }

        Assert.True(FrameHeader.TryRead(new ReadOnlySequence<byte>(head), out var header, out _));
        var payload = new byte[header.LengthBytes];
        await line.ReadExactlyAsync(payload, Cancelled);
        return (header.Type, header.Stream, payload);
    }

    /// <summary>The reason of the goaway; other frames before it are passed over.</summary>
    public async Task<Panal.Swarm.Links.LinkCloseReason> GoAwayAsync()
    {
        while (await ReadAsync() is { } frame)
        {
            if (frame.Type == FrameType.GoAway)
            {
                return FramePayloads.ReadReason(frame.Payload);
            }
        }

        throw new InvalidOperationException("The link said nothing before it closed.");
    }
}

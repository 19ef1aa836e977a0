using System.Buffers;
using System.Buffers.Binary;
using Panal.Dimse;

namespace Panal.Unit.Dimse.UpperLayer;

public sealed class PduHeaderTests
{
    private static readonly PduLimits Limits = new(AssociateBytes: 1000, DataBytes: 2000);

    [Theory]
    [InlineData(1, 67, false)]
    [InlineData(1, 68, true)]
    [InlineData(1, 1000, true)]
    [InlineData(1, 1001, false)]
    [InlineData(2, 1001, false)]
    [InlineData(4, 0, false)]
    [InlineData(4, 5, false)]
    [InlineData(4, 6, true)]
    [InlineData(4, 2000, true)]
    [InlineData(4, 2001, false)]
    [InlineData(4, uint.MaxValue, false)]
    [InlineData(3, 0, false)]
    [InlineData(5, 3, false)]
    [InlineData(6, 4, true)]
    [InlineData(7, 5, false)]
    [InlineData(7, uint.MaxValue, false)]
    public void A_length_is_accepted_within_the_limits_of_its_type_only(byte type, uint length, bool isAccepted)
    {
        var bytes = new byte[6];
        bytes[0] = type;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), length);
        if (isAccepted)
        {
            Assert.True(PduHeader.TryRead(new(bytes), Limits, out var header, out _));
            Assert.Equal(length, header.LengthBytes);
        }
        else
        {
            var failure = Assert.Throws<AssociationAbortException>(() => PduHeader.TryRead(new(bytes), Limits, out _, out _));
            Assert.Equal(AbortReason.InvalidPduParameterValue, failure.Reason);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData('G')]
    [InlineData(255)]
    public void An_unknown_type_is_refused_at_its_first_byte(byte type)
    {
        var failure = Assert.Throws<AssociationAbortException>(() => PduHeader.TryRead(new(new[] { type }), Limits, out _, out _));
        Assert.Equal(AbortReason.UnrecognizedPdu, failure.Reason);
    }

    [Fact]
    public void A_part_of_a_header_consumes_nothing()
    {
        var bytes = Vectors.Read("upper-layer-pdus.txt", "data");
        for (var length = 0; length < PduHeader.SizeBytes; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.False(PduHeader.TryRead(buffer, Limits, out _, out var consumed));
            Assert.Equal(buffer.Start, consumed);
        }
    }

    [Theory]
    [InlineData("associate-reject", 0, 2, 3, 2)]
    [InlineData("release-request", 0, 0, 0, 0)]
    [InlineData("release-reply", 0, 0, 0, 0)]
    [InlineData("abort-user", 0, 0, 0, 0)]
    [InlineData("abort-provider", 0, 0, 2, 6)]
    public void Short_PDUs_are_written_and_read_as_the_golden_bytes(string name, byte first, byte second, byte third, byte fourth)
    {
        var golden = Vectors.Read("upper-layer-pdus.txt", name);
        var writer = new ArrayBufferWriter<byte>();
        switch (name)
        {
            case "associate-reject":
                ShortPdus.WriteReject(writer, RejectResult.Transient, RejectReason.LocalLimitExceeded);
                break;
            case "release-request":
                ShortPdus.WriteReleaseRequest(writer);
                break;
            case "release-reply":
                ShortPdus.WriteReleaseReply(writer);
                break;
            case "abort-user":
                ShortPdus.WriteAbort(writer, AbortSource.ServiceUser, AbortReason.UnexpectedPdu);
                break;
            default:
                ShortPdus.WriteAbort(writer, AbortSource.ServiceProvider, AbortReason.InvalidPduParameterValue);
                break;
        }

        Assert.Equal(golden, writer.WrittenSpan.ToArray());
        Assert.Equal(0, first);
        Assert.Equal((second, third, fourth), ShortPdus.ReadBody(new ReadOnlySequence<byte>(golden).Slice(PduHeader.SizeBytes)));
    }

    [Fact]
    public void The_golden_PDV_is_written_and_read()
    {
        var golden = Vectors.Read("upper-layer-pdus.txt", "data");
        Assert.True(PdvHeader.TryRead(new ReadOnlySequence<byte>(golden).Slice(6), 12, out var header));
        Assert.Equal(new PdvHeader(3, IsCommand: true, IsLast: true, 6), header);
        var again = new byte[6];
        header.Write(again);
        Assert.Equal(golden[6..12], again);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(9u)]
    [InlineData(uint.MaxValue)]
    public void A_PDV_that_does_not_fit_its_PDU_is_refused(uint length)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, length);
        var failure = Assert.Throws<AssociationAbortException>(() => PdvHeader.TryRead(new(bytes), 12, out _));
        Assert.Equal(AbortReason.InvalidPduParameterValue, failure.Reason);
    }

    [Fact]
    public void Fewer_than_six_bytes_at_the_end_of_a_PDU_are_refused() =>
        Assert.Throws<AssociationAbortException>(() => PdvHeader.TryRead(new(new byte[12]), 5, out _));
}

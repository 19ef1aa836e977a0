using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Panal.Dimse;

namespace Panal.Unit.Dimse.UpperLayer;

public sealed class AssociatePduTests
{
    private const string File = "upper-layer-pdus.txt";

    [Fact]
    public void The_golden_request_is_read_field_by_field()
    {
        var pdu = ReadRequest(Vectors.Read(File, "associate-request"));
        Assert.Equal(("ARCHIVE", "MODALITY", "1.2.840.10008.3.1.1.1"), (pdu.CalledAeTitle, pdu.CallingAeTitle, pdu.ApplicationContextName));
        var context = Assert.Single(pdu.Contexts);
        Assert.Equal((1, "1.2.840.10008.1.1"), (context.Id, context.AbstractSyntax));
        Assert.Equal(["1.2.840.10008.1.2", "1.2.3.4"], context.TransferSyntaxes);
        var user = pdu.UserInformation;
        Assert.Equal(16384u, user.MaximumLengthBytes);
        Assert.Equal(("1.2.3.9", "TEST1"), (user.ImplementationClassUid, user.ImplementationVersionName));
        Assert.Equal(new AsynchronousOperationsWindow(3, 2), user.AsynchronousOperations);
        Assert.Equal([new RoleSelection("1.2.840.10008.1.1", Scu: false, Scp: true)], user.Roles);
        Assert.Equal([new ExtendedNegotiation("1.2.3.5", new byte[] { 1, 0 })], user.ExtendedNegotiation);
        var common = Assert.Single(user.CommonExtendedNegotiation);
        Assert.Equal(("1.2.3.5", "1.2.3.6"), (common.SopClassUid, common.ServiceClassUid));
        Assert.Equal(["1.2.3"], common.RelatedGeneralSopClassUids);
        Assert.Equal(
            new UserIdentity(UserIdentityType.UserNameAndPasscode, true, "anna"u8.ToArray(), "1234"u8.ToArray()), user.UserIdentity);
    }

    [Theory]
    [InlineData("associate-request")]
    [InlineData("associate-accept")]
    public void A_golden_PDU_written_again_is_the_same_bytes(string name)
    {
        var golden = Vectors.Read(File, name);
        var writer = new ArrayBufferWriter<byte>();
        if (name == "associate-request")
        {
            AssociateWriter.WriteRequest(writer, ReadRequest(golden));
        }
        else
        {
            AssociateWriter.WriteAccept(writer, ReadAccept(golden));
        }

        Assert.Equal(Convert.ToHexString(golden), Convert.ToHexString(writer.WrittenSpan));
    }

    [Fact]
    public void The_golden_acceptance_is_read_field_by_field()
    {
        var pdu = ReadAccept(Vectors.Read(File, "associate-accept"));
        Assert.Equal(new PresentationContextReply(1, PresentationContextResult.Acceptance, "1.2.840.10008.1.2"), pdu.Contexts[0]);
        Assert.Equal(new PresentationContextReply(3, PresentationContextResult.AbstractSyntaxNotSupported, string.Empty), pdu.Contexts[1]);
        Assert.Equal("ticket", Encoding.ASCII.GetString(pdu.UserInformation.UserIdentityResponse!.Value.Span));
    }

    [Theory]
    [InlineData("associate-request")]
    [InlineData("associate-accept")]
    public void Truncation_at_each_byte_is_refused_or_gives_a_shorter_PDU_but_never_fails_otherwise(string name)
    {
        var golden = Vectors.Read(File, name);
        for (var length = PduHeader.SizeBytes; length < golden.Length; length++)
        {
            ReadEither(golden.AsSpan(0, length).ToArray());
        }
    }

    [Theory]
    [InlineData("associate-request")]
    [InlineData("associate-accept")]
    public void Each_flipped_byte_is_refused_or_read_but_never_fails_otherwise(string name)
    {
        var golden = Vectors.Read(File, name);
        for (var index = PduHeader.SizeBytes; index < golden.Length; index++)
        {
            foreach (var mask in (ReadOnlySpan<byte>)[0x01, 0x80, 0xFF])
            {
                var copy = golden.ToArray();
                copy[index] ^= mask;
                ReadEither(copy);
            }
        }
    }

    [Fact]
    public void Random_bytes_are_refused_or_read_but_never_fail_otherwise()
    {
        var random = new Random(20260101);
        var golden = Vectors.Read(File, "associate-request");
        for (var round = 0; round < 5000; round++)
        {
            var copy = golden.ToArray();
            for (var change = 0; change < 4; change++)
            {
                copy[random.Next(PduHeader.SizeBytes, copy.Length)] = (byte)random.Next(256);
            }

            ReadEither(copy);
        }
    }

    [Fact]
    public void An_unknown_item_is_skipped()
    {
        var golden = Vectors.Read(File, "associate-request");
        var pdu = ReadRequest([.. golden, 0x77, 0, 0, 2, 0xAA, 0xBB]);
        Assert.Single(pdu.Contexts);
    }

    [Theory]
    [InlineData(new byte[] { 1, 3, 1 })]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 0 })]
    public void A_context_number_that_is_even_or_repeated_is_refused(byte[] numbers)
    {
        var pdu = Request([.. numbers.Select(id => new ProposedPresentationContext(id, "1.2.840.10008.1.1", ["1.2.840.10008.1.2"]))]);
        Assert.Equal(AbortReason.InvalidPduParameterValue, Assert.Throws<AssociationAbortException>(() => RoundTrip(pdu)).Reason);
    }

    [Fact]
    public void All_128_context_numbers_are_read_and_200_contexts_are_refused()
    {
        var contexts = Enumerable.Range(0, 200)
            .Select(index => new ProposedPresentationContext((byte)((index * 2) + 1), "1.2.840.10008.1.1", ["1.2.840.10008.1.2"])).ToArray();
        Assert.Equal(128, RoundTrip(Request(contexts[..128])).Contexts.Count);
        Assert.Throws<AssociationAbortException>(() => RoundTrip(Request(contexts)));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_UID_may_have_64_characters_and_no_more(int length, bool isRead)
    {
        var pdu = Request([new ProposedPresentationContext(1, new string('1', length), ["1.2.840.10008.1.2"])]);
        Assert.Equal(!isRead, Record.Exception(() => RoundTrip(pdu)) is AssociationAbortException);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_context_may_have_128_transfer_syntaxes_and_no_more(int count, bool isRead)
    {
        var pdu = Request([new ProposedPresentationContext(1, "1.2.3", [.. Enumerable.Repeat("1.2.840.10008.1.2", count)])]);
        Assert.Equal(!isRead, Record.Exception(() => RoundTrip(pdu)) is AssociationAbortException);
    }

    [Fact]
    public void Any_request_that_we_write_is_read_as_the_same()
    {
        var uid = Gen.Choose(1, 60).Select(length => new string('1', length));
        var bytes = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();
        var generator =
            from contexts in uid.SelectMany(abstractSyntax => uid.NonEmptyListOf().Select(list => (abstractSyntax, list))).NonEmptyListOf()
            from maximum in Gen.Choose(0, int.MaxValue)
            from roles in uid.SelectMany(sop => Gen.Elements(true, false).Select(scu => new RoleSelection(sop, scu, !scu))).ListOf()
            from extended in uid.SelectMany(sop => bytes.Select(info => new ExtendedNegotiation(sop, info))).ListOf()
            from primary in bytes
            from secondary in bytes
            select Request([.. contexts.Take(128).Select((context, index) => new ProposedPresentationContext((byte)((index * 2) + 1), context.abstractSyntax, [.. context.list.Take(128)]))]) with
            {
                UserInformation = new UserInformation
                {
                    MaximumLengthBytes = (uint)maximum,
                    ImplementationClassUid = "1.2.3",
                    Roles = [.. roles],
                    ExtendedNegotiation = [.. extended],
                    UserIdentity = new UserIdentity(UserIdentityType.JsonWebToken, false, primary, secondary),
                },
            };
        Prop.ForAll(generator.ToArbitrary(), pdu =>
        {
            var writer = new ArrayBufferWriter<byte>();
            AssociateWriter.WriteRequest(writer, pdu);
            var again = new ArrayBufferWriter<byte>();
            AssociateWriter.WriteRequest(again, ReadRequest(writer.WrittenSpan.ToArray()));
            return writer.WrittenSpan.SequenceEqual(again.WrittenSpan);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_user_identity_prints_nothing_of_itself()
    {
        var identity = new UserIdentity(UserIdentityType.UserName, false, "anna"u8.ToArray(), default);
        Assert.DoesNotContain("anna", identity.ToString(), StringComparison.Ordinal);
    }

    private static AssociateRequestPdu Request(IReadOnlyList<ProposedPresentationContext> contexts) =>
        new(AssociatePdu.ProtocolVersion, "CALLED", "CALLING", AssociatePdu.ApplicationContextName, contexts, new UserInformation());

    private static AssociateRequestPdu RoundTrip(AssociateRequestPdu pdu)
    {
        var writer = new ArrayBufferWriter<byte>();
        AssociateWriter.WriteRequest(writer, pdu);
        return ReadRequest(writer.WrittenSpan.ToArray());
    }

    private static AssociateRequestPdu ReadRequest(byte[] pdu) =>
        AssociateReader.ReadRequest(new ReadOnlySequence<byte>(pdu).Slice(PduHeader.SizeBytes));

    private static AssociateAcceptPdu ReadAccept(byte[] pdu) =>
        AssociateReader.ReadAccept(new ReadOnlySequence<byte>(pdu).Slice(PduHeader.SizeBytes));

    private static void ReadEither(byte[] pdu)
    {
        var failure = Record.Exception(() => pdu[0] == 1 ? (object)ReadRequest(pdu) : ReadAccept(pdu));
        Assert.True(failure is null or AssociationAbortException, failure?.ToString());
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

public sealed class SignedDocumentTests : IDisposable
{
    private readonly SampleNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [Fact]
    public void A_roster_that_the_authority_signed_is_read_as_it_was_written()
    {
        var member = SampleNetwork.Member(2, "CLINIC-7");
        using var document = _network.Authority.Sign(_network.Roster(7, member));
        using var read = SignedDocument.Read(document.Bytes.ToArray());
        var roster = _network.Bundle.ReadRoster(read);
        Assert.Equal(7, roster.Version);
        Assert.Equal("10.77.0.0/16", roster.Range);
        var found = Assert.Single(roster.Members);
        Assert.Equal(member with { Endpoints = found.Endpoints, Groups = found.Groups }, found);
        Assert.Equal(member.Endpoints, found.Endpoints);
        Assert.Equal(NetworkAccess.DefaultGroups["clinic"], roster.Groups["clinic"]);
    }

    [Fact]
    public void A_deny_list_that_the_authority_signed_names_who_is_refused()
    {
        var node = Guid.NewGuid();
        using var document = _network.Authority.Sign(_network.Denied(3, node));
        var list = _network.Bundle.ReadDenyList(document);
        Assert.True(list.Contains(node));
        Assert.False(list.Contains(Guid.NewGuid()));
        Assert.Equal("lost", Assert.Single(list.Entries).Reason);
    }

    [Fact]
    public void The_bytes_are_as_the_page_says()
    {
        using var document = _network.Authority.Sign(_network.Denied(3));
        var bytes = document.Bytes.Span;
        Assert.Equal("PNS1", Encoding.ASCII.GetString(bytes[..4]));
        Assert.Equal(2, bytes[4]);
        var signer = BinaryPrimitives.ReadUInt16BigEndian(bytes[5..]);
        Assert.True(bytes.Slice(7, signer).SequenceEqual(_network.Authority.Issuer.RawData));
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[(7 + signer)..]);
        Assert.Equal(bytes.Length, 7 + signer + 4 + length + 64);
        Assert.StartsWith("{\"network\":\"" + _network.Id, Encoding.UTF8.GetString(bytes.Slice(11 + signer, length)), StringComparison.Ordinal);
        Assert.True(_network.Authority.IssuerKey.VerifyData(bytes[..^64], bytes[^64..], HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Cut_off_at_any_byte_it_is_refused()
    {
        using var document = _network.Authority.Sign(_network.Denied(3, Guid.NewGuid()));
        for (var length = 0; length < document.Bytes.Length; length++)
        {
            Assert.Throws<NetworkDocumentException>(() => SignedDocument.Read(document.Bytes[..length]));
        }

        Assert.Throws<NetworkDocumentException>(() => SignedDocument.Read(new byte[document.Bytes.Length + 1]));
        byte[] longer = [.. document.Bytes.Span, 0];
        Assert.Throws<NetworkDocumentException>(() => SignedDocument.Read(longer));
    }

    [Fact]
    public void With_any_byte_flipped_it_is_refused()
    {
        using var document = _network.Authority.Sign(_network.Denied(3, Guid.NewGuid()));
        for (var i = 0; i < document.Bytes.Length; i++)
        {
            var bytes = document.Bytes.ToArray();
            bytes[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<NetworkDocumentException>(() =>
            {
                using var read = SignedDocument.Read(bytes);
                _network.Bundle.ReadDenyList(read);
            });
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(64u * 1024 + 1)]
    [InlineData(uint.MaxValue)]
    [InlineData((uint)int.MaxValue)]
    public void A_length_of_the_content_outside_its_limits_is_refused(uint length)
    {
        var bytes = _network.BundleDocument.Bytes.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(7 + _network.Authority.Root.RawData.Length), length);
        Assert.Throws<NetworkDocumentException>(() => SignedDocument.Read(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SignedDocument.SignerLimitBytes + 1)]
    [InlineData(ushort.MaxValue)]
    public void A_length_of_the_signer_outside_its_limits_is_refused(int length)
    {
        var bytes = new byte[100_000];
        _network.BundleDocument.Bytes.Span.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(5), (ushort)length);
        Assert.Throws<NetworkDocumentException>(() => SignedDocument.Read(bytes));
    }

    [Fact]
    public void The_longest_content_is_taken_and_one_byte_more_is_not()
    {
        var limit = SignedDocument.PayloadLimitBytes(DocumentKind.TrustBundle);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var longest = SignedDocument.Sign(DocumentKind.TrustBundle, new byte[limit], _network.Authority.Root, key);
        Assert.Equal(limit, longest.Payload.Length);
        Assert.Throws<NetworkDocumentException>(() => SignedDocument.Sign(DocumentKind.TrustBundle, new byte[limit + 1], _network.Authority.Root, key));
    }

    [Fact]
    public void What_another_authority_signed_is_refused()
    {
        using var stranger = NetworkAuthority.Create(_network.Id, "Red Andina", SampleNetwork.Start);
        using var roster = stranger.Sign(_network.Roster(9));
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadRoster(roster));
    }

    [Fact]
    public void What_names_the_authority_and_was_signed_with_another_key_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var forged = SignedDocument.Sign(DocumentKind.Roster, _network.Roster(9).ToPayload(), _network.Authority.Issuer, key);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadRoster(forged));
    }

    [Fact]
    public void A_member_cannot_sign_with_its_own_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = _network.Authority.Issue(_network.Identity(), new System.Security.Cryptography.X509Certificates.PublicKey(key), SampleNetwork.Start);
        using var forged = SignedDocument.Sign(DocumentKind.DenyList, _network.Denied(9).ToPayload(), leaf, key);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadDenyList(forged));
    }

    [Fact]
    public void A_document_of_one_kind_is_not_taken_for_another()
    {
        using var roster = _network.Authority.Sign(_network.Roster(9));
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadDenyList(roster));
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(roster));
    }

    [Fact]
    public void A_document_of_another_network_under_the_same_authority_is_refused()
    {
        var other = _network.Roster(9) with { Network = Guid.NewGuid() };
        using var roster = _network.Authority.Sign(other);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadRoster(roster));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"network\":\"x\"}")]
    [InlineData("{\"network\":\"5e0b2b5c-6f1e-4b5e-9d5c-0a1b2c3d4e5f\",\"version\":1,\"version\":2,\"issued\":\"2026-03-01T12:00:00Z\",\"entries\":[]}")]
    [InlineData("{\"network\":\"5e0b2b5c-6f1e-4b5e-9d5c-0a1b2c3d4e5f\",\"version\":1,\"issued\":\"2026-03-01T12:00:00Z\",\"entries\":[null]}")]
    [InlineData("{\"network\":\"5e0b2b5c-6f1e-4b5e-9d5c-0a1b2c3d4e5f\",\"version\":0,\"issued\":\"2026-03-01T12:00:00Z\",\"entries\":[]}")]
    public void Content_that_is_not_as_the_page_says_is_refused(string payload)
    {
        Assert.Throws<NetworkDocumentException>(() => DenyList.Read(Encoding.UTF8.GetBytes(payload)));
    }

    [Fact]
    public void A_roster_that_contradicts_itself_is_neither_written_nor_read()
    {
        var one = SampleNetwork.Member(2, "A");
        var two = SampleNetwork.Member(3, "B");
        Roster[] wrong =
        [
            _network.Roster(1, one, two with { Address = one.Address }),
            _network.Roster(1, one, two with { Node = one.Node }),
            _network.Roster(1, one, two with { Name = "a" }),
            _network.Roster(1, one, two with { Key = one.Key }),
            _network.Roster(1, one with { Address = "192.0.2.1" }),
            _network.Roster(1, one with { Address = "10.77.0.02" }),
            _network.Roster(1, one with { Endpoints = ["clinic"] }),
            _network.Roster(1, one with { Name = "A B" }),
            _network.Roster(1, one) with { NextAddress = 2 },
            _network.Roster(0, one),
        ];
        Assert.All(wrong, r => Assert.Throws<NetworkDocumentException>(() => r.ToPayload()));
        var revoked = _network.Roster(1, one with { Revoked = SampleNetwork.Start }, two with { Name = one.Name, Key = one.Key });
        Assert.NotEmpty(revoked.ToPayload());
    }

    [Fact]
    public void Random_bytes_are_refused_without_another_error()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var valid = _network.BundleDocument.Bytes.ToArray();
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = valid.AsSpan(0, random.Next(valid.Length + 1)).ToArray();
            for (var flips = random.Next(8); flips >= 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                using var read = SignedDocument.Read(bytes);
                _network.Bundle.ReadNext(read);
            }
            catch (NetworkDocumentException)
            {
                continue;
            }

            Assert.Equal(valid, bytes);
        }
    }
}

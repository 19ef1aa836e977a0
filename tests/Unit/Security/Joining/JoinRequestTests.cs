using System.Security.Cryptography;
using System.Text;
using Panal.Security.Identities;
using Panal.Security.Joining;
using Panal.Unit.Security.Identities;

namespace Panal.Unit.Security.Joining;

public sealed class JoinRequestTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_request_is_read_as_it_was_written_and_names_the_key()
    {
        var read = JoinRequest.Read(Body());
        Assert.Equal("CLINIC-7", read.Name);
        Assert.Equal("0.1.0", read.Version);
        Assert.Equal(["192.0.2.7:7700"], read.Endpoints);
        Assert.Equal("Clínica Norte", read.Institution);
        Assert.Equal(NodeRole.Clinic, read.Role);
        Assert.Equal(SampleNetwork.Start, read.Time);
        Assert.Equal(_key.ExportSubjectPublicKeyInfo(), read.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void Who_does_not_have_the_key_cannot_ask_for_it()
    {
        var csr = JoinRequest.WriteCsr("CLINIC-7", _key);
        for (var i = 0; i < csr.Length; i++)
        {
            var bytes = csr.ToArray();
            bytes[i] ^= 1;
            Assert.Throws<NetworkDocumentException>(() => JoinRequest.ReadCsr(bytes));
            Assert.Throws<NetworkDocumentException>(() => JoinRequest.ReadCsr(csr[..i]));
        }
    }

    [Fact]
    public void Keys_of_another_kind_are_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<NetworkDocumentException>(() => JoinRequest.ReadCsr(JoinRequest.WriteCsr("A", p384)));
        using var rsa = RSA.Create(2048);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=A", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.Throws<NetworkDocumentException>(() => JoinRequest.ReadCsr(request.CreateSigningRequest()));
        Assert.Throws<NetworkDocumentException>(() => JoinRequest.ReadCsr(new byte[JoinRequest.CsrLimitBytes + 1]));
    }

    [Theory]
    [InlineData("\"name\":\"CLINIC-7\"", "\"name\":\"\"")]
    [InlineData("\"name\":\"CLINIC-7\"", "\"name\":\"CLINIC 7\"")]
    [InlineData("\"name\":\"CLINIC-7\"", "\"name\":\"\\u001b[31mX\"")]
    [InlineData("\"name\":\"CLINIC-7\"", "\"name\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")]
    [InlineData("\"name\":\"CLINIC-7\"", "\"name\":null")]
    [InlineData("\"version\":\"0.1.0\"", "\"version\":\"\"")]
    [InlineData("\"version\":\"0.1.0\"", "\"version\":\"a\\nb\"")]
    [InlineData("\"192.0.2.7:7700\"", "\"192.0.2.7\"")]
    [InlineData("\"192.0.2.7:7700\"", "\"192.0.2.7:0\"")]
    [InlineData("\"192.0.2.7:7700\"", "\"a b:7700\"")]
    [InlineData("\"192.0.2.7:7700\"", "null")]
    [InlineData("\"role\":\"clinic\"", "\"role\":\"owner\"")]
    [InlineData("\"role\":\"clinic\"", "\"role\":2")]
    [InlineData("{\"name\"", "{\"name\":\"A\",\"name\"")]
    public void Odd_words_of_a_stranger_are_refused(string valid, string odd)
    {
        var text = Encoding.UTF8.GetString(Body());
        Assert.Contains(valid, text, StringComparison.Ordinal);
        Assert.Throws<NetworkDocumentException>(() => JoinRequest.Read(Encoding.UTF8.GetBytes(text.Replace(valid, odd, StringComparison.Ordinal))));
    }

    [Fact]
    public void Cut_off_or_changed_anywhere_it_is_refused_or_still_a_request()
    {
        var body = Body();
        for (var i = 0; i < body.Length; i++)
        {
            Assert.Throws<NetworkDocumentException>(() => JoinRequest.Read(body.AsSpan(0, i)));
            var changed = body.ToArray();
            changed[i] ^= (byte)(1 << (i % 8));
            try
            {
                Assert.True(MemberName.IsValid(JoinRequest.Read(changed).Name));
            }
            catch (NetworkDocumentException)
            {
                // As it should be for most bytes.
            }
        }
    }

    [Fact]
    public void The_longest_body_is_read_and_one_byte_more_is_not()
    {
        var body = Body();
        var longest = new byte[JoinRequest.BodyLimitBytes];
        longest.AsSpan().Fill((byte)' ');
        body.CopyTo(longest, 0);
        Assert.Equal("CLINIC-7", JoinRequest.Read(longest).Name);
        Assert.Throws<NetworkDocumentException>(() => JoinRequest.Read([.. longest, (byte)' ']));
    }

    private byte[] Body() => JoinRequest.Write("CLINIC-7", "0.1.0", _key, ["192.0.2.7:7700"], "Clínica Norte", NodeRole.Clinic, SampleNetwork.Start);
}

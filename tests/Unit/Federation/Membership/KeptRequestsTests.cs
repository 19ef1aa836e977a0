using System.Security.Cryptography;
using System.Text;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Unit.Federation.Membership;

public sealed class KeptRequestsTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Requests_come_back_with_what_was_asked()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var kept = Sample(key);
        var (read, asked, from) = Assert.Single(KeptRequests.Read(KeptRequests.Write([kept])));
        Assert.Equal((kept.Id, kept.AuthenticationString, kept.At, JoinState.Denied, "unknown"), (read.Id, read.AuthenticationString, read.At, read.State, read.Reason));
        Assert.Equal(kept.Body, read.Body);
        Assert.Equal(("CLINIC-7", "192.0.2.7"), (asked.Name, from.ToString()));
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), asked.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void A_file_that_is_cut_or_flipped_is_read_or_refused_and_never_faults()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var bytes = KeptRequests.Write([Sample(key)]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<NetworkDocumentException>(() => KeptRequests.Read(bytes.AsSpan(0, length)));
        }

        var refused = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            try
            {
                Assert.Single(KeptRequests.Read(bytes));
            }
            catch (NetworkDocumentException)
            {
                refused++;
            }

            bytes[i] ^= 1;
        }

        Assert.InRange(refused, bytes.Length / 2, bytes.Length);
    }

    [Fact]
    public void As_many_requests_are_read_as_may_wait_and_no_more()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var kept = Sample(key);
        KeptRequest[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => kept with { Id = i.ToString("x32", System.Globalization.CultureInfo.InvariantCulture) })];
        Assert.Empty(KeptRequests.Read(KeptRequests.Write([])));
        Assert.Equal(64, KeptRequests.Read(KeptRequests.Write(Many(64))).Count);
        Assert.Throws<NetworkDocumentException>(() => KeptRequests.Read(KeptRequests.Write(Many(65))));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("{}")]
    public void What_is_no_list_of_requests_is_refused(string text) =>
        Assert.Throws<NetworkDocumentException>(() => KeptRequests.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void An_approved_request_has_a_certificate_and_no_other()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Throws<NetworkDocumentException>(() => KeptRequests.Read(KeptRequests.Write([Sample(key) with { State = JoinState.Approved }])));
        Assert.Throws<NetworkDocumentException>(() => KeptRequests.Read(KeptRequests.Write([Sample(key) with { Certificate = [1] }])));
    }

    private static KeptRequest Sample(ECDsa key) => new(
        new string('a', 32), "7KQ2-9XHM", JoinRequest.Write("CLINIC-7", "1.0", key, ["192.0.2.7:7700"], "Clinica", NodeRole.Clinic, At), "192.0.2.7", At, JoinState.Denied, "unknown");
}

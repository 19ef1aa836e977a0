using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Panal.Dicom;
using Panal.Unit.Archive;
using Panal.Unit.Node.Web;

namespace Panal.Unit.Node.Operation;

/// <summary>Deleting a study over HTTP: right, reason, warning, audit.</summary>
public sealed class DeletionRoutesTests
{
    private const string Study = "/api/studies/1.2.3";

    [Fact]
    public async Task A_study_is_deleted_by_who_may_with_a_reason_that_the_audit_trail_keeps()
    {
        await using var node = await WebNode.StartAsync();
        await StoreAsync(node, new Sample());
        using var ana = await node.SetUpAsync();
        var (_, outlook) = await ana.SendAsync(HttpMethod.Get, Study + "/deletion");
        Assert.Equal(("LastCopy", 1), (outlook.GetProperty("outcome").GetString(), outlook.GetProperty("instances").GetInt32()));

        foreach (var body in (string[])["""{ "reason": "  " }""", """{ "reason": "xx" }""", $$"""{ "reason": "{{new string('x', 201)}}" }""", """{ "reason": "a\u0007b\n" }""", "{}"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await ana.SendAsync(HttpMethod.Delete, Study, body)).Status);
        }

        var (status, refused) = await ana.SendAsync(HttpMethod.Delete, Study, """{ "reason": "sent twice" }""");
        Assert.Equal((HttpStatusCode.Conflict, "last-copy"), (status, refused.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await ana.SendAsync(HttpMethod.Get, Study + "/where")).Status);

        var (done, deletion) = await ana.SendAsync(HttpMethod.Delete, Study, """{ "reason": "wrong patient", "evenLastCopy": true }""");
        Assert.Equal((HttpStatusCode.OK, "Deleted"), (done, deletion.GetProperty("outcome").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await ana.SendAsync(HttpMethod.Get, Study + "/where")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ana.SendAsync(HttpMethod.Delete, Study, """{ "reason": "wrong patient", "evenLastCopy": true }""")).Status);

        await node.StopAsync();
        var trail = node.Trail();
        Assert.Equal(2, trail.Split("DICOM Study Deleted").Length - 1);
        // Details are Base64 in the trail, PS3.15 Table A.5.1.2.3.2.
        Assert.Contains(Convert.ToBase64String("Deleted: wrong patient"u8), trail, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String("LastCopy: sent twice"u8), trail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_not_the_right_deletes_nothing()
    {
        await using var node = await WebNode.StartAsync();
        await StoreAsync(node, new Sample());
        using var ana = await node.SetUpAsync();
        Assert.Equal(HttpStatusCode.Created, (await ana.SendAsync(HttpMethod.Post, "/api/accounts", $$"""{ "name": "eva", "role": "Radiologist", "password": "{{WebNode.Password}}" }""")).Status);
        using var eva = node.Open();
        await eva.LogInAsync("eva");
        Assert.Equal(HttpStatusCode.Forbidden, (await eva.SendAsync(HttpMethod.Delete, Study, """{ "reason": "wrong patient", "evenLastCopy": true }""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await eva.SendAsync(HttpMethod.Get, Study + "/deletion")).Status);
        Assert.Equal(HttpStatusCode.OK, (await eva.SendAsync(HttpMethod.Get, Study + "/where")).Status);
    }

    /// <summary>Stores by STOW-RS while there is no account: this machine may.</summary>
    private static async Task StoreAsync(WebNode node, Sample sample)
    {
        var file = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(sample.SopClassUid, sample.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, file);
        file.Write(sample.Encode(TransferSyntax.ExplicitVrLittleEndian));
        using var part = new ByteArrayContent(file.WrittenSpan.ToArray());
        part.Headers.ContentType = new MediaTypeHeaderValue("application/dicom");
        using var body = new MultipartContent("related", "boundary") { part };
        body.Headers.ContentType!.Parameters.Add(new NameValueHeaderValue("type", "\"application/dicom\""));
        using var http = new HttpClient { BaseAddress = node.Address };
        using var answer = await http.PostAsync(new Uri("/dicom-web/studies", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}

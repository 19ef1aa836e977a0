using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Ingest;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.DicomWeb;
using Panal.DicomWeb.Access;
using Panal.Node.Web;
using Panal.Security.Access;
using Panal.Security.Accounts;
using Panal.Unit.Archive;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Web;

public sealed class AccountAccessTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly AccountRegistry _accounts;
    private TemporaryArchive _archive = null!;
    private AccountAccess _access = null!;

    public AccountAccessTests() => _accounts = new AccountRegistry(_folder.Path, TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _archive = await TemporaryArchive.OpenAsync();
        await StoreAsync("1.2.1", "RUIZ^ANA^^");
        await StoreAsync("1.2.2", "Gómez^Luis\\Ruíz^Ana");
        await StoreAsync("1.2.3", "Gómez^Luis");
        await StoreAsync("1.2.4", "");
        var loopback = new LoopbackAccess(new AccessRules("PANAL", false, false), new DicomWebOptions { AETitle = "PANAL" });
        _access = new AccountAccess(_accounts, loopback, new Searcher(_archive.Holdings.Catalogue, "PANAL"));
    }

    public async ValueTask DisposeAsync()
    {
        await _archive.DisposeAsync();
        _accounts.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_referring_physician_sees_the_studies_that_name_them_or_were_shared_with_them()
    {
        var filter = new StudyFilter(false, "Ruiz^Ana", new HashSet<string> { "1.2.4" });
        var decision = await DecideAsync(new Caller("rui", CallerKind.Session, AccountRights.Search | AccountRights.View, filter), Rights.Find);
        Assert.True(decision.IsAccepted);
        var seen = new List<string>();
        foreach (var study in new[] { "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5" })
        {
            if (await decision.Filter!.ShowsAsync(study, Token))
            {
                seen.Add(study);
            }
        }

        Assert.Equal(["1.2.1", "1.2.2", "1.2.4"], seen);
    }

    [Fact]
    public async Task A_link_sees_its_study_and_an_account_without_a_name_of_a_physician_none()
    {
        var rights = AccountRights.Search | AccountRights.View;
        var link = await DecideAsync(new Caller("link:x", CallerKind.Link, rights, new StudyFilter(false, "", new HashSet<string> { "1.2.3" })), Rights.Retrieve);
        Assert.True(await link.Filter!.ShowsAsync("1.2.3", Token));
        Assert.False(await link.Filter!.ShowsAsync("1.2.4", Token));
        var nobody = await DecideAsync(new Caller("x", CallerKind.Session, rights, StudyFilter.Nothing), Rights.Retrieve);
        Assert.False(await nobody.Filter!.ShowsAsync("1.2.4", Token));
    }

    [Theory]
    [InlineData(Rights.Find, AccountRights.Search)]
    [InlineData(Rights.Retrieve, AccountRights.View)]
    [InlineData(Rights.Store, AccountRights.Upload)]
    public async Task Each_request_needs_its_right_and_no_other(Rights wanted, AccountRights right)
    {
        var with = await DecideAsync(new Caller("x", CallerKind.Token, right, StudyFilter.Everything), wanted);
        Assert.Equal((200, "x", true), (with.StatusCode, with.Caller.AeTitle, with.Caller.IsAccount));
        Assert.Null(with.Filter);
        Assert.Equal(403, (await DecideAsync(new Caller("x", CallerKind.Token, AccountRights.All & ~right, StudyFilter.Everything), wanted)).StatusCode);
    }

    [Fact]
    public async Task This_machine_is_let_in_until_there_is_an_account()
    {
        Assert.Equal(200, (await DecideAsync(null, Rights.Find)).StatusCode);
        await _accounts.AddAsync(new Account { Name = "ana", Role = Role.Administrator }, null, onlyFirst: true, Token);
        var refused = await DecideAsync(null, Rights.Find);
        Assert.Equal((401, "Bearer"), (refused.StatusCode, refused.Challenge));
    }

    [Fact]
    public async Task In_a_node_DICOMweb_answers_whoever_shows_a_token_with_the_right()
    {
        await using var node = await WebNode.StartAsync();
        using var program = node.Open();
        Assert.True((await program.SendAsync(HttpMethod.Get, "/dicom-web/studies")).Status is HttpStatusCode.OK or HttpStatusCode.NoContent);
        using var ana = await node.SetUpAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.SendAsync(HttpMethod.Get, "/dicom-web/studies")).Status);
        Assert.True((await ana.SendAsync(HttpMethod.Get, "/dicom-web/studies")).Status is HttpStatusCode.OK or HttpStatusCode.NoContent);
        foreach (var (rights, isLetIn) in new[] { ("Search", true), ("Upload", false) })
        {
            var (_, token) = await ana.SendAsync(HttpMethod.Post, "/api/account/tokens", $$"""{ "description": "", "rights": ["{{rights}}"], "days": 1 }""");
            program.Token = token.GetProperty("text").GetString()!;
            var (status, _) = await program.SendAsync(HttpMethod.Get, "/dicom-web/studies");
            Assert.Equal(isLetIn, status is HttpStatusCode.OK or HttpStatusCode.NoContent);
            Assert.Equal(!isLetIn, status == HttpStatusCode.Forbidden);
        }

        program.Token = "";
        Assert.Equal(HttpStatusCode.NoContent, (await program.SendAsync(HttpMethod.Options, "/dicom-web/studies")).Status);
    }

    private ValueTask<WebDecision> DecideAsync(Caller? caller, Rights wanted)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Host = new HostString("localhost");
        if (caller is not null)
        {
            context.Features.Set(caller);
        }

        return _access.DecideAsync(context, wanted, Token);
    }

    private async Task StoreAsync(string study, string physician)
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.SOPClassUID, Uids.CTImageStorage);
        dataSet.Set(Tags.SOPInstanceUID, study + ".1.1");
        dataSet.Set(Tags.Modality, "CT");
        dataSet.Set(Tags.ReferringPhysicianName, physician.Split('\\'));
        dataSet.Set(Tags.PatientName, "X");
        dataSet.Set(Tags.PatientID, "P" + study);
        dataSet.Set(Tags.StudyInstanceUID, study);
        dataSet.Set(Tags.SeriesInstanceUID, study + ".1");
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, target);
        var outcome = await _archive.Ingester.StoreAsync(
            PipeReader.Create(new ReadOnlySequence<byte>(target.WrittenMemory)),
            new IngestRequest(Uids.CTImageStorage, study + ".1.1", TransferSyntax.ExplicitVrLittleEndian, "MODALITY"),
            Token);
        Assert.Equal(IngestResult.Stored, outcome.Result);
    }
}

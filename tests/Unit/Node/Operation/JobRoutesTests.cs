using System.Net;
using System.Net.Http;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Jobs;
using Panal.Catalogue;
using Panal.Node.Operation;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;
using Panal.Unit.Archive;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Operation;

public sealed class JobRoutesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_was_given_up_is_shown_and_tried_again()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        using var folder = new TemporaryFolder();
        await using var audit = new AuditTrail(folder.File("audit"), new AuditSource("node1", ""), TimeProvider.System);
        using var runner = new JobRunner(catalogue, TimeProvider.System, NullLogger<JobRunner>.Instance);
        var id = await catalogue.EnqueueJobAsync("commit", "t1", new byte[] { 7 }, DateTimeOffset.UnixEpoch, Ct);
        var job = catalogue.Jobs(1)[0];
        await catalogue.UpdateJobAsync(job with { State = JobState.Failed, Attempts = 100 }, Ct);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        await using var application = builder.Build();
        application.UseRouting();
        application.Use(next => context =>
        {
            context.Features.Set(new Caller("ana", CallerKind.Session, AccountRights.Operate, StudyFilter.Everything));
            return next(context);
        });
        new JobRoutes(catalogue, runner, audit, new WebGateOptions("node1", false)).Map(application);
        await application.StartAsync(Ct);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };

        var shown = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/jobs", UriKind.Relative), Ct)).RootElement[0];
        Assert.Equal((id, "commit", "t1", 100, true), (
            shown.GetProperty("id").GetInt64(), shown.GetProperty("kind").GetString(), shown.GetProperty("key").GetString(), shown.GetProperty("attempts").GetInt32(), shown.GetProperty("isFailed").GetBoolean()));
        using var answer = await http.PostAsync(new Uri($"/api/jobs/{id}/retry", UriKind.Relative), null, Ct);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var again = Assert.Single(catalogue.Jobs(10));
        Assert.Equal((id, JobState.Waiting), (again.Id, again.State));
        Assert.Equal([7], again.Payload.ToArray());
    }
}

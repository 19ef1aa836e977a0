using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Panal.Node.Hosting;
using Panal.Node.Operation;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Unit.Federation.Broker;
using Prometheus;

namespace Panal.Unit.Node.Operation;

public sealed class BrokerRoutesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_archives_of_others_are_shown_looked_at_anew_and_measured()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        await here.SweepAsync();
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
        new BrokerRoutes(here.Brokers).Map(application);
        await application.StartAsync(Ct);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };

        var shown = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/brokers", UriKind.Relative), Ct)).RootElement[0];
        Assert.Equal(("pacs", "PACS", 1, 3, 0), (
            shown.GetProperty("definition").GetProperty("name").GetString(), shown.GetProperty("definition").GetProperty("aeTitle").GetString(),
            shown.GetProperty("studies").GetInt32(), shown.GetProperty("instances").GetInt32(), shown.GetProperty("windowsLeft").GetInt32()));

        // Yesterday by the clock of the node.
        here.Add("1.2", instances: 2);
        using var swept = await http.PostAsync(new Uri("/api/brokers/pacs/sweep", UriKind.Relative), null, Ct);
        Assert.Equal(2, JsonDocument.Parse(await swept.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("studies").GetInt32());
        using var unknown = await http.PostAsync(new Uri("/api/brokers/other/sweep", UriKind.Relative), null, Ct);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        var registry = Metrics.NewCustomRegistry();
        BrokerMetrics.Add(registry, Metrics.WithCustomRegistry(registry), here.Brokers);
        Assert.Contains("panal_broker_instances{broker=\"pacs\"} 5\n", await MetricsAsync(registry), StringComparison.Ordinal);
        Assert.Contains("panal_broker_up{broker=\"pacs\"} 1\n", await MetricsAsync(registry), StringComparison.Ordinal);
        await here.Brokers.RemoveAsync("pacs", Ct);
        Assert.DoesNotContain("broker=\"pacs\"", await MetricsAsync(registry), StringComparison.Ordinal);
    }

    private static async Task<string> MetricsAsync(CollectorRegistry registry)
    {
        using var text = new MemoryStream();
        await registry.CollectAndExportAsTextAsync(text, Ct);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}

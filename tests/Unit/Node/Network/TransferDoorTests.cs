using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Panal.Node.Admin;
using Panal.Node.Network;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Swarm.Transfers;

namespace Panal.Unit.Node.Network;

public sealed class TransferDoorTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_OpenAPI_document_names_the_routes_of_the_API_and_no_other()
    {
        await using var application = Map();
        var routes = Endpoints(application).Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0].ToLowerInvariant()} {e.RoutePattern.RawText}");
        using var document = await DocumentAsync();
        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name}"));
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_route_needs_the_right_to_operate_the_node()
    {
        await using var application = Map();
        Assert.NotEmpty(Endpoints(application));
        Assert.All(Endpoints(application), route => Assert.Equal(AccountRights.Operate, Assert.IsType<HouseRoute>(route.Metadata.GetMetadata<RouteRule>()).Rights));
    }

    [Theory]
    [InlineData("Transfer", typeof(TransferView))]
    [InlineData("Holder", typeof(HolderView))]
    [InlineData("FetchWish", typeof(FetchWish))]
    public async Task Each_schema_has_the_properties_of_its_record(string schema, Type record)
    {
        using var document = await DocumentAsync();
        var described = Schema(document, schema).GetProperty("properties").EnumerateObject().Select(p => p.Name);
        var declared = record.GetProperties().Where(p => p.Name != "EqualityContract").Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
        Assert.Equal(declared.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task States_and_priorities_are_described_by_the_names_they_have()
    {
        using var document = await DocumentAsync();
        var properties = Schema(document, "Transfer").GetProperty("properties");
        Assert.Equal(Enum.GetNames<TransferState>().Order(StringComparer.Ordinal), Names(properties.GetProperty("state")).Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetNames<TransferPriority>().Order(StringComparer.Ordinal), Names(properties.GetProperty("priority")).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Names(JsonElement property) => property.GetProperty("enum").EnumerateArray().Select(static name => name.GetString()!);

    private static JsonElement Schema(JsonDocument document, string name) => document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(name);

    private static WebApplication Map()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        TransferDoor.Map(application);
        return application;
    }

    private static IEnumerable<RouteEndpoint> Endpoints(IEndpointRouteBuilder application) => application.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>();

    private static async Task<JsonDocument> DocumentAsync()
    {
        await using var stream = typeof(TransferDoor).Assembly.GetManifestResourceStream("transfers.json")!;
        return await JsonDocument.ParseAsync(stream, default, Cancelled);
    }
}

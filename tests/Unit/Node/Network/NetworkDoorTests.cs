using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Panal.Node.Network;

namespace Panal.Unit.Node.Network;

public sealed class NetworkDoorTests
{
    [Fact]
    public async Task The_OpenAPI_document_names_the_routes_of_the_API_and_no_other()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        await using var application = builder.Build();
        NetworkDoor.Map(application);
        var routes = ((IEndpointRouteBuilder)application).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0].ToLowerInvariant()} {e.RoutePattern.RawText}");
        await using var stream = typeof(NetworkDoor).Assembly.GetManifestResourceStream("openapi.json")!;
        using var document = await JsonDocument.ParseAsync(stream, default, TestContext.Current.CancellationToken);
        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name}"));
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Network", typeof(NetworkView))]
    [InlineData("Member", typeof(MemberView))]
    [InlineData("Request", typeof(Panal.Federation.Membership.JoinRequestView))]
    [InlineData("Approval", typeof(Approval))]
    [InlineData("Motive", typeof(Motive))]
    [InlineData("Membership", typeof(MembershipView))]
    [InlineData("Grant", typeof(Panal.Security.Identities.NetworkGrant))]
    [InlineData("Group", typeof(GroupView))]
    [InlineData("GroupRights", typeof(GroupRights))]
    [InlineData("GroupNames", typeof(GroupNames))]
    [InlineData("AuthorityStep", typeof(Panal.Federation.Membership.AuthorityStep))]
    public async Task Each_schema_has_the_properties_of_its_record(string schema, Type record)
    {
        await using var stream = typeof(NetworkDoor).Assembly.GetManifestResourceStream("openapi.json")!;
        using var document = await JsonDocument.ParseAsync(stream, default, TestContext.Current.CancellationToken);
        var described = document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject().Select(p => p.Name);
        var declared = record.GetProperties().Where(p => p.Name != "EqualityContract").Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
        Assert.Equal(declared.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }
}

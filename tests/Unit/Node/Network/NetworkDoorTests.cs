using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Panal.Node.Network;
using Panal.Node.Network.Placement;

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
    [InlineData("Selection", typeof(Panal.Security.Identities.NetworkSelection))]
    [InlineData("Group", typeof(GroupView))]
    [InlineData("GroupRights", typeof(GroupRights))]
    [InlineData("GroupNames", typeof(GroupNames))]
    [InlineData("Conflict", typeof(ConflictView))]
    [InlineData("KeepAsk", typeof(KeepAsk))]
    [InlineData("Kept", typeof(KeepView))]
    [InlineData("CorrectionAsk", typeof(CorrectionAsk))]
    [InlineData("Correction", typeof(CorrectionView))]
    [InlineData("CorrectedAttribute", typeof(CorrectedAttribute))]
    [InlineData("Recycling", typeof(RecyclingView))]
    [InlineData("Dropped", typeof(DroppedView))]
    [InlineData("Pin", typeof(PinView))]
    [InlineData("PinAsk", typeof(PinAsk))]
    [InlineData("Coverage", typeof(CoverageView))]
    [InlineData("StudyCoverage", typeof(StudyCoverageView))]
    [InlineData("HolderCount", typeof(HolderCount))]
    [InlineData("PlaceAsk", typeof(PlaceAsk))]
    [InlineData("Placed", typeof(PlacedView))]
    [InlineData("RepairAsk", typeof(RepairAsk))]
    [InlineData("RepairReport", typeof(Panal.Federation.Placement.RepairReport))]
    [InlineData("RebuildAsk", typeof(RebuildAsk))]
    [InlineData("RebuildProgress", typeof(Panal.Federation.Placement.RebuildProgress))]
    [InlineData("AuthorityStep", typeof(Panal.Federation.Membership.AuthorityStep))]
    public async Task Each_schema_has_the_properties_of_its_record(string schema, Type record)
    {
        await using var stream = typeof(NetworkDoor).Assembly.GetManifestResourceStream("openapi.json")!;
        using var document = await JsonDocument.ParseAsync(stream, default, TestContext.Current.CancellationToken);
        var described = document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject().Select(p => p.Name);
        var declared = record.GetProperties().Where(p => p.Name != "EqualityContract" && p.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition != JsonIgnoreCondition.Always).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
        Assert.Equal(declared.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(3, true, "3 s ago")]
    [InlineData(-30, true, "0 s ago")]
    [InlineData(600, false, "10 min ago, catching up")]
    [InlineData(36_000, true, "10 h ago")]
    [InlineData(864_000, true, "10 d ago")]
    public void The_status_says_how_old_what_is_known_of_a_member_is(int seconds, bool isComplete, string expected)
    {
        var now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        var member = new MemberView
        {
            Node = Guid.NewGuid(), Name = "A", Role = "clinic", Address = "10.77.0.2", Institution = "", Endpoints = [], State = "up", FeedHeardAt = now.AddSeconds(-seconds), FeedIsComplete = isComplete,
        };
        Assert.Equal(expected, Panal.Node.Commands.NetworkCommand.AsOf(member, now));
        Assert.Equal("–", Panal.Node.Commands.NetworkCommand.AsOf(member with { FeedHeardAt = null }, now));
    }
}

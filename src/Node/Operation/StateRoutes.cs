using System.Reflection;
using Panal.Catalogue;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Volumes;

namespace Panal.Node.Operation;

/// <summary>How the node is: `/api/operation`, its plots, and the configuration in force.</summary>
internal sealed class StateRoutes(
    CatalogueDatabase catalogue, VolumeStore volumes, Health health, OperationHistory history, NodeConfiguration configuration)
{
    /// <summary>Jobs and conflicts are counted up to this: more is told as "many".</summary>
    private const int CountLimit = 1000;

    private static readonly RightsRoute Operate = new(AccountRights.Operate) { BodyLimitBytes = 0 };

    private static readonly string Version = typeof(StateRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/operation", (RequestDelegate)LookAsync).WithMetadata(Operate);
        routes.MapGet("/api/operation/history", (RequestDelegate)HistoryAsync).WithMetadata(Operate);
        routes.MapGet("/api/configuration", (RequestDelegate)ConfigurationAsync).WithMetadata(Operate);
    }

    private Task LookAsync(HttpContext context)
    {
        var counts = catalogue.Counts();
        var staging = volumes.Staging;
        var jobs = catalogue.Jobs(CountLimit);
        var view = new OperationView(
            configuration.Device.EffectiveName,
            configuration.NetworkAE.AETitle,
            Version,
            history.StartedAt,
            health.Problems(),
            counts.Patients,
            counts.Studies,
            counts.Series,
            counts.Instances,
            counts.Bytes,
            staging.StagedObjects,
            staging.StagedBytes,
            jobs.Count(static job => job.State == JobState.Waiting),
            jobs.Count(static job => job.State == JobState.Failed),
            catalogue.Conflicts(isOpenOnly: true, 0, CountLimit).Count,
            [.. volumes.Volumes.Select(static v => new VolumeView(v.Id.Value, v.Group, v.RootPath, v.State.ToString(), v.Reason, v.FreeBytes, v.ReserveBytes))]);
        return WebJson.WriteAsync(context, StatusCodes.Status200OK, view, OperationJson.Default.OperationView);
    }

    private Task HistoryAsync(HttpContext context) => WebJson.WriteAsync(context, StatusCodes.Status200OK, history.Look(), OperationJson.Default.HistoryView);

    private Task ConfigurationAsync(HttpContext context) =>
        WebJson.WriteAsync(context, StatusCodes.Status200OK, [.. configuration.Effective()], OperationJson.Default.EffectiveSettingArray);
}

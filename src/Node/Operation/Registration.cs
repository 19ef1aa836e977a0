using Panal.Node.Options;
using Panal.Security.Audit;

namespace Panal.Node.Operation;

/// <summary>Puts together what the people who run a node see and do over HTTP.</summary>
internal static class Registration
{
    public static IServiceCollection AddOperation(this IServiceCollection services, NodeConfiguration configuration)
    {
        services.AddSingleton(configuration);
        services.AddSingleton(new AuditReader(Path.Combine(configuration.DataFolder, "audit")));
        services.AddSingleton<OperationHistory>();
        services.AddHostedService(static provider => provider.GetRequiredService<OperationHistory>());
        services.AddSingleton<StateRoutes>();
        services.AddSingleton<EntityRoutes>();
        services.AddSingleton<JobRoutes>();
        services.AddSingleton<BrokerRoutes>();
        services.AddSingleton<AuditRoutes>();
        services.AddSingleton<LogRoutes>();
        services.AddSingleton<KnownStudies>();
        services.AddSingleton<StudyRoutes>();
        services.AddSingleton<DeletionRoutes>();
        return services;
    }

    public static void MapOperation(this WebApplication application)
    {
        application.Services.GetRequiredService<StateRoutes>().Map(application);
        application.Services.GetRequiredService<EntityRoutes>().Map(application);
        application.Services.GetRequiredService<JobRoutes>().Map(application);
        application.Services.GetRequiredService<BrokerRoutes>().Map(application);
        application.Services.GetRequiredService<AuditRoutes>().Map(application);
        application.Services.GetRequiredService<StudyRoutes>().Map(application);
        application.Services.GetRequiredService<DeletionRoutes>().Map(application);
        application.Services.GetRequiredService<LogRoutes>().Map(application);
    }
}

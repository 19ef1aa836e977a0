using Panal.DicomWeb.Access;
using Panal.Node.Web.Provider;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Puts accounts and the gate together.</summary>
internal static class Registration
{
    public static IServiceCollection AddWeb(this IServiceCollection services, string dataFolder, AccountRegistry accounts, WebGateOptions options)
    {
        services.AddSingleton(accounts);
        services.AddSingleton(options);
        services.AddSingleton(new SessionLimits());
        services.AddSingleton(provider => new Sessions(dataFolder, accounts, provider.GetRequiredService<SessionLimits>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<SessionsOverRestart>();
        services.AddSingleton<SetUpLink>();
        services.AddSingleton(provider => new LogIn(
            dataFolder, accounts, provider.GetRequiredService<AuditTrail>(), options.DeviceName, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AccountWork(accounts, provider.GetRequiredService<AuditTrail>(), options.DeviceName));
        services.AddSingleton<LoopbackAccess>();
        services.AddSingleton<IWebAccess, AccountAccess>();
        services.AddSingleton<WebGate>();
        services.AddSingleton<SessionRoutes>();
        services.AddSingleton<AccountRoutes>();
        services.AddSingleton<ShareRoutes>();
        services.AddSingleton(new PageRoutes(PageRoutes.BesideExecutable));
        services.AddSingleton(new OhifRoutes(OhifRoutes.BesideExecutable));
        return services;
    }

    /// <summary>Puts the gate before all routes, and adds those of accounts; after UseRouting.</summary>
    public static void UseWeb(this WebApplication application)
    {
        var gate = application.Services.GetRequiredService<WebGate>();
        application.Use(next => context => gate.InvokeAsync(context, next));
        application.Services.GetRequiredService<SessionRoutes>().Map(application);
        application.Services.GetService<ProviderRoutes>()?.Map(application);
        application.Services.GetRequiredService<AccountRoutes>().Map(application);
        application.Services.GetRequiredService<ShareRoutes>().Map(application);
        application.Services.GetRequiredService<PageRoutes>().Map(application);
        application.Services.GetRequiredService<OhifRoutes>().Map(application);
    }
}

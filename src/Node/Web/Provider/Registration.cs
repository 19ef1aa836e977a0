using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Panal.Node.Options;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web.Provider;

/// <summary>Puts together the log-in at the site's identity provider; nothing of it is there when none is configured.</summary>
internal static class Registration
{
    /// <summary>How long a provider may take to answer this node.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    /// <summary>How long a person may take at the provider.</summary>
    private static readonly TimeSpan LogInLimit = TimeSpan.FromMinutes(15);

    public static IServiceCollection AddProvider(this IServiceCollection services, NodeConfiguration configuration)
    {
        var settings = configuration.Bind<OpenIdConnectSettings>(OpenIdConnectSettings.Section);
        services.AddSingleton(settings);
        if (!settings.IsOn)
        {
            return services;
        }

        // What protects a log-in that is on its way lives as long as sessions do: until the next start.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        // The handler without the framework's authentication around it: that would take the callback before the gate, and look for a user in every request.
        services.AddSingleton<IPostConfigureOptions<OpenIdConnectOptions>, OpenIdConnectPostConfigureOptions>();
        services.AddOptions<OpenIdConnectOptions>(ProviderRoutes.Scheme).Configure<TimeProvider>((options, time) =>
        {
            options.TimeProvider = time;
            Set(options, settings);
        });
        services.AddSingleton(HtmlEncoder.Default);
        services.AddSingleton(UrlEncoder.Default);
        services.AddTransient<OpenIdConnectHandler>();
        services.AddSingleton(provider => new ProviderLogIn(
            provider.GetRequiredService<AccountRegistry>(),
            settings.GroupRoles,
            provider.GetRequiredService<AuditTrail>(),
            configuration.Device.EffectiveName));
        services.AddSingleton<ProviderRoutes>();
        return services;
    }

    private static void Set(OpenIdConnectOptions options, OpenIdConnectSettings settings)
    {
        options.Authority = settings.Authority;
        options.ClientId = settings.ClientId;
        options.ClientSecret = settings.ClientSecret.Length == 0 ? null : settings.ClientSecret;
        options.CallbackPath = ProviderRoutes.BackPath;
        options.RequireHttpsMetadata = settings.Authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        options.ResponseType = OpenIdConnectResponseType.Code;
        // With a query the browser comes back by a link, and the cookies of the log-in need not travel in forms of other sites.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.SaveTokens = true;
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.BackchannelTimeout = AnswerLimit;
        options.RemoteAuthenticationTimeout = LogInLimit;
        options.Scope.Clear();
        options.Scope.Add(OpenIdConnectScope.OpenId);
        foreach (var scope in settings.ScopeList)
        {
            options.Scope.Add(scope);
        }

        foreach (var claim in (string[])[settings.NameClaim, settings.GroupsClaim, settings.ReferringPhysicianClaim, ProviderRoutes.DisplayNameClaim])
        {
            if (claim.Length > 0)
            {
                options.ClaimActions.MapJsonKey(claim, claim);
            }
        }

        foreach (var cookie in (CookieBuilder[])[options.CorrelationCookie, options.NonceCookie])
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        options.Events.OnTicketReceived = static context => context.HttpContext.RequestServices.GetRequiredService<ProviderRoutes>().EnterAsync(context);
        options.Events.OnRemoteFailure = static context => context.HttpContext.RequestServices.GetRequiredService<ProviderRoutes>().FailAsync(context);
    }
}

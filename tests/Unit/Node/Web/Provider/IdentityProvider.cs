using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Panal.Conformance.WireClient;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Panal.Unit.Node.Web.Provider;

/// <summary>An identity provider with one client, at which one person is logged in: OpenIddict on a port of its own.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "panal";
    public const string ClientSecret = "a secret of the test";

    /// <summary>One for all tests: an own one of 4,096 bits for each takes several seconds, more than a node waits for an answer when both cores are busy.</summary>
    private static readonly RsaSecurityKey Key = new(RSA.Create(2048));

    private readonly WebApplication _application;

    private IdentityProvider(WebApplication application, Uri address)
    {
        _application = application;
        Address = address;
    }

    public Uri Address { get; }

    public string Subject { get; set; } = "7f3a";

    public string Name { get; set; } = "Eva";

    public string[] Groups { get; set; } = ["radiology"];

    /// <summary>What the node's page sent the browser with.</summary>
    public List<OpenIddictRequest> Authorizations { get; } = [];

    public List<OpenIddictRequest> LogOuts { get; } = [];

    public static async Task<IdentityProvider> StartAsync()
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackPort.Free()}/"));
        IdentityProvider? provider = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address.ToString());
        builder.Services.AddAuthentication();
        builder.Services.AddOpenIddict().AddServer(options =>
        {
            options.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token").SetEndSessionEndpointUris("connect/endsession");
            options.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            options.RegisterScopes(Scopes.Profile);
            options.AddEncryptionKey(Key).AddSigningKey(Key);
            options.EnableDegradedMode();
            options.UseAspNetCore().DisableTransportSecurityRequirement();
            options.AddEventHandler<ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context => Check(context, context.ClientId, null)));
            options.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context => Check(context, context.ClientId, context.ClientSecret ?? "")));
            options.AddEventHandler<ValidateEndSessionRequestContext>(handler => handler.UseInlineHandler(context => Check(context, context.ClientId, null)));
            options.AddEventHandler<HandleAuthorizationRequestContext>(handler => handler.UseInlineHandler(context => provider!.SignIn(context)));
            options.AddEventHandler<HandleEndSessionRequestContext>(handler => handler.UseInlineHandler(context => provider!.SignOut(context)));
        });
        var application = builder.Build();
        application.UseAuthentication();
        provider = new IdentityProvider(application, address);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public (string Setting, string Value)[] Settings(string roles = "pacs-admins=Administrator,radiology=Radiologist,doctors=ReferringPhysician") =>
    [
        ("OpenIdConnect:Authority", Address.ToString()),
        ("OpenIdConnect:ClientId", ClientId),
        ("OpenIdConnect:ClientSecret", ClientSecret),
        ("OpenIdConnect:Name", "Hospital"),
        ("OpenIdConnect:Roles", roles),
        ("OpenIdConnect:ReferringPhysicianClaim", "dicom_name"),
    ];

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static ValueTask Check(BaseValidatingContext context, string? client, string? secret)
    {
        if (client != ClientId || secret is not (null or ClientSecret))
        {
            context.Reject(Errors.InvalidClient);
        }

        return default;
    }

    private ValueTask SignIn(HandleAuthorizationRequestContext context)
    {
        Authorizations.Add(context.Request);
        var identity = new ClaimsIdentity("test", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, Subject).SetClaim(Claims.PreferredUsername, Name).SetClaim(Claims.Name, "Dr. Eva Díaz").SetClaim("dicom_name", "Diaz^Eva");
        foreach (var group in Groups)
        {
            identity.AddClaim("groups", group);
        }

        identity.SetDestinations(static _ => [Destinations.IdentityToken]);
        identity.SetScopes(context.Request.GetScopes());
        context.SignIn(new ClaimsPrincipal(identity));
        return default;
    }

    private ValueTask SignOut(HandleEndSessionRequestContext context)
    {
        LogOuts.Add(context.Request);
        context.SignOut();
        return default;
    }
}

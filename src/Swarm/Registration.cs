using Microsoft.Extensions.DependencyInjection;
using Panal.Swarm.Links;

namespace Panal.Swarm;

/// <summary>Puts the room together.</summary>
public static class Registration
{
    /// <summary>
    /// Adds the links. The host brings <see cref="ILinkCredentials"/> and <see cref="ILinkWitness"/>, gives services to
    /// <see cref="Links.Links.Serve"/>, and passes accepted connections to <see cref="Links.Links.AcceptAsync(Stream, System.Net.EndPoint?, CancellationToken)"/>.
    /// </summary>
    public static IServiceCollection AddSwarm(this IServiceCollection services, LinkOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<Links.Links>();
        services.AddSingleton<ILinks>(static provider => provider.GetRequiredService<Links.Links>());
        return services;
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.DicomWeb.Access;
using Panal.DicomWeb.Search;

namespace Panal.DicomWeb;

/// <summary>Adds this room to a host.</summary>
public static class Registration
{
    /// <summary>Adds the door; the host adds the archive and Security, may add another <see cref="IWebAccess"/> before, and maps <see cref="DicomWebDoor"/>.</summary>
    public static IServiceCollection AddDicomWeb(this IServiceCollection services, DicomWebOptions options)
    {
        services.TryAddSingleton<IWebAccess, LoopbackAccess>();
        return services
            .AddSingleton(options)
            .AddSingleton<SearchResource>()
            .AddSingleton<DicomWebDoor>();
    }
}

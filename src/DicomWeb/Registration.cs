using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.Archive.Retrieve;
using Panal.DicomWeb.Access;
using Panal.DicomWeb.Retrieve;
using Panal.DicomWeb.Search;
using Panal.DicomWeb.Store;

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
            .AddSingleton<Holding>()
            .AddSingleton<AccessAudit>()
            .AddSingleton<MetadataResource>()
            .AddSingleton<InstanceResource>()
            .AddSingleton<FrameResource>()
            .AddSingleton<BulkDataResource>()
            .AddSingleton<ThumbnailCache>()
            .AddSingleton<RenderedResource>()
            .AddSingleton<UriResource>()
            .AddSingleton<RetrieveRoutes>()
            .AddSingleton<StoreResource>()
            .AddSingleton<IForeignWeb, ForeignWeb>()
            .AddSingleton<DicomWebDoor>();
    }
}

using Panal.Catalogue;

namespace Panal.Unit.Catalogue.Support;

/// <summary>A catalogue in a directory of its own, deleted at the end.</summary>
internal sealed class TemporaryCatalogue : IAsyncDisposable
{
    private TemporaryCatalogue(string directory, CatalogueDatabase database, CatalogueOptions options)
    {
        Directory = directory;
        Database = database;
        Options = options;
    }

    public string Directory { get; }

    public string Path => System.IO.Path.Combine(Directory, "catalogue.db");

    public CatalogueDatabase Database { get; private set; }

    public CatalogueOptions Options { get; }

    public static async Task<TemporaryCatalogue> CreateAsync(CatalogueOptions? options = null)
    {
        options ??= new CatalogueOptions();
        string directory = System.IO.Directory.CreateTempSubdirectory("panal-catalogue-").FullName;
        CatalogueDatabase database = await CatalogueDatabase.OpenAsync(
            System.IO.Path.Combine(directory, "catalogue.db"), options, TimeProvider.System, CancellationToken.None);
        return new TemporaryCatalogue(directory, database, options);
    }

    public async Task ReopenAsync()
    {
        await Database.DisposeAsync();
        Database = await CatalogueDatabase.OpenAsync(Path, Options, TimeProvider.System, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

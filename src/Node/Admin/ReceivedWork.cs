using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;

namespace Panal.Node.Admin;

/// <summary>Which files are wanted as they were received.</summary>
/// <param name="Study">Study Instance UID.</param>
/// <param name="Series">Series Instance UID, or empty.</param>
/// <param name="Image">SOP Instance UID, or empty.</param>
/// <param name="Folder">Where they are written, on the machine of the node.</param>
internal sealed record ReceivedWish(string Study, string Series, string Image, string Folder)
{
    private const string StudyKey = "study", SeriesKey = "series", ImageKey = "image", FolderKey = "folder";

    /// <summary>As the administration socket is asked for it.</summary>
    public string Query =>
        $"{StudyKey}={Uri.EscapeDataString(Study)}&{SeriesKey}={Uri.EscapeDataString(Series)}&{ImageKey}={Uri.EscapeDataString(Image)}&{FolderKey}={Uri.EscapeDataString(Folder)}";

    public static ReceivedWish Of(IQueryCollection query) =>
        new(query[StudyKey].ToString(), query[SeriesKey].ToString(), query[ImageKey].ToString(), query[FolderKey].ToString());
}

/// <summary>Writes files as they were received: by the node that runs, or by the command itself where none does.</summary>
internal static class ReceivedWork
{
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static Task<ReceivedExportProgress> ExportAsync(
        IServiceProvider services, ReceivedWish wish, Action<ReceivedExportProgress> report, CancellationToken cancellationToken)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, wish.Image.Length > 0 ? "IMAGE" : wish.Series.Length > 0 ? "SERIES" : "STUDY");
        identifier.Set(Tags.StudyInstanceUID, wish.Study);
        if (wish.Series.Length > 0)
        {
            identifier.Set(Tags.SeriesInstanceUID, wish.Series);
        }

        if (wish.Image.Length > 0)
        {
            identifier.Set(Tags.SOPInstanceUID, wish.Image);
        }

        return services.GetRequiredService<ReceivedExport>().ExportAsync(
            new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: true), wish.Folder, report, cancellationToken);
    }
}

using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Ingest;

/// <summary>Gives each instance its path below a volume's root. Values from outside become safe path components.</summary>
internal static class FileNames
{
    private const string Extension = ".dcm";

    /// <summary>The path of an instance, with <c>/</c> between components.</summary>
    /// <param name="layout">The arrangement in force.</param>
    /// <param name="attributes">The catalogued attributes; Study and Series Instance UID are present.</param>
    /// <param name="sopInstanceUid">SOP Instance UID.</param>
    /// <param name="hash">Hash of the file's content.</param>
    /// <param name="receivedAt">When the instance arrived.</param>
    /// <param name="isVersion">True when another content already has the instance's own name.</param>
    public static string For(
        StorageLayout layout, DataSet attributes, string sopInstanceUid, ContentHash hash, DateTimeOffset receivedAt, bool isVersion)
    {
        var digits = hash.ToString();
        if (layout == StorageLayout.Hash)
        {
            return $"{digits[..2]}/{digits[2..4]}/{digits}{Extension}";
        }

        var file = SafePath.Component(isVersion ? $"{sopInstanceUid}.{digits[..16]}" : sopInstanceUid) + Extension;
        var study = SafePath.Component(attributes.GetString(Tags.StudyInstanceUID) ?? "");
        var series = SafePath.Component(attributes.GetString(Tags.SeriesInstanceUID) ?? "");
        var top = layout == StorageLayout.Date
            ? receivedAt.UtcDateTime.ToString("yyyy/MM/dd", System.Globalization.CultureInfo.InvariantCulture)
            : SafePath.Component(attributes.GetString(Tags.PatientID) ?? "");
        return $"{top}/{study}/{series}/{file}";
    }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Panal.Archive.Ingest;

namespace Panal.Node.Options;

/// <summary>Where and how the node keeps what it receives.</summary>
internal sealed record ArchiveSettings : IValidatableObject
{
    public const string Section = "Archive";

    private const long Mebibyte = 1L << 20;
    private const int LeastStagingMebibytes = 1_024;

    [Description("Directories that hold the files, separated by commas, in the order in which they are filled; relative ones lie in the data folder. A directory keeps its place in the list for life: new ones are added at the end.")]
    public string Volumes { get; init; } = "online";

    [Description("Free space that is left on each volume, in MiB; below it the next volume is used. Must exceed what the staging log holds.")]
    [Range(1_024, 1_000_000_000)]
    public long ReserveMebibytes { get; init; } = 2_048;

    [Description("Most that the staging log takes on the disk of the data folder, in MiB; beyond 1024 no more than a sixteenth of what is free there. What comes in stays in the log while more comes in, and moves to its files when nothing has come for a second, or when the log fills up.")]
    [Range(LeastStagingMebibytes, 65_536)]
    public int StagingMebibytes { get; init; } = 4_096;

    [Description("How files are arranged: Patient (PatientID/Study/Series/SOP), Date (day of receipt/Study/Series/SOP) or Hash (names say nothing about patients).")]
    [EnumDataType(typeof(StorageLayout))]
    public StorageLayout Layout { get; init; } = StorageLayout.Patient;

    [Description("What to do when a SOP Instance UID arrives again with other content: KeepFirst (acknowledge and flag), KeepBothVersions or Refuse. Nothing is ever overwritten.")]
    [EnumDataType(typeof(DuplicatePolicy))]
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.KeepFirst;

    /// <summary>The directories of the volumes.</summary>
    internal IReadOnlyList<string> Directories(string dataFolder) =>
        [.. Volumes.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(path => Path.GetFullPath(path, dataFolder))];

    internal long ReserveBytes => ReserveMebibytes * Mebibyte;

    internal long StagingBytes => StagingMebibytes * Mebibyte;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var directories = Directories("/");
        if (directories.Count == 0)
        {
            yield return new ValidationResult("Volumes: at least one directory.", [nameof(Volumes)]);
        }

        if (directories.Distinct(StringComparer.Ordinal).Count() != directories.Count)
        {
            yield return new ValidationResult("Volumes: a directory is named twice.", [nameof(Volumes)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ArchiveSettingsValidator : IValidateOptions<ArchiveSettings>;

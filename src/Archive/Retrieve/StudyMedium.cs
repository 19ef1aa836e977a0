using System.Globalization;
using Panal.Archive.Search;
using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>A study laid out as a medium would have it.</summary>
/// <param name="Directory">The DICOMDIR.</param>
/// <param name="Files">The files with their paths, components divided by "/".</param>
public sealed record StudyMedium(ReadOnlyMemory<byte> Directory, IReadOnlyList<(string Path, InstanceReference Instance)> Files);

/// <summary>Lays out studies with a DICOMDIR, as the interchange profiles of PS3.11 have it: names of eight characters, PS3.10 §8.5.</summary>
public sealed class StudyMedia(Searcher searcher)
{
    private static readonly Tag[] PatientKeys = [Tags.PatientName, Tags.PatientID];
    private static readonly Tag[] StudyKeys = [Tags.StudyDate, Tags.StudyTime, Tags.StudyDescription, Tags.StudyInstanceUID, Tags.StudyID, Tags.AccessionNumber];
    private static readonly Tag[] SeriesKeys = [Tags.Modality, Tags.SeriesInstanceUID, Tags.SeriesNumber];
    private static readonly Tag[] ImageKeys = [Tags.SOPInstanceUID, Tags.InstanceNumber, Tags.Rows];

    /// <summary>Lays out what is here of a study.</summary>
    /// <param name="instances">Its instances, as <see cref="Retriever.Locate"/> found them; those that are not here are left out.</param>
    /// <param name="ct">Ends the search.</param>
    public StudyMedium Lay(IReadOnlyList<InstanceReference> instances, CancellationToken ct)
    {
        var files = new List<(string Path, InstanceReference Instance)>();
        var patients = new List<DirectoryEntity>();
        var here = instances.Where(static instance => instance.IsHeldHere).ToList();
        foreach (var (number, study) in here.GroupBy(static instance => (instance.PatientId, instance.StudyInstanceUid)).Index())
        {
            var about = Find("STUDY", [.. PatientKeys, .. StudyKeys], study.Key.StudyInstanceUid, null, ct)
                .FirstOrDefault(found => found.GetString(Tags.PatientID) == study.Key.PatientId) ?? new DataSet();
            var series = new List<DirectoryEntity>();
            foreach (var (order, one) in study.GroupBy(static instance => instance.SeriesInstanceUid, StringComparer.Ordinal).Index())
            {
                var folder = string.Create(CultureInfo.InvariantCulture, $"DICOM/ST{number:D6}/SE{order:D6}");
                series.Add(LaySeries(study.Key.StudyInstanceUid, one.Key, folder, [.. one], files, ct));
            }

            var entity = new DirectoryEntity("STUDY", Taken(about, StudyKeys, (Tags.StudyDate, ""), (Tags.StudyTime, ""), (Tags.StudyID, "")), series);
            patients.Add(new DirectoryEntity("PATIENT", Taken(about, PatientKeys, (Tags.PatientID, study.Key.PatientId)), [entity]));
        }

        return new StudyMedium(MediaDirectory.Write(patients, Uid.NewUid()), files);
    }

    private DirectoryEntity LaySeries(
        string study, string series, string folder, IReadOnlyList<InstanceReference> instances, List<(string Path, InstanceReference Instance)> files, CancellationToken ct)
    {
        var about = Find("SERIES", SeriesKeys, study, series, ct).FirstOrDefault() ?? new DataSet();
        var known = Find("IMAGE", ImageKeys, study, series, ct).DistinctBy(static found => found.GetString(Tags.SOPInstanceUID) ?? "").ToDictionary(static found => found.GetString(Tags.SOPInstanceUID) ?? "");
        var images = new List<DirectoryEntity>();
        foreach (var (number, instance) in instances.Index())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{folder}/IM{number:D6}");
            files.Add((path, instance));

            // Reports, presentation states and their like have records of other types with other keys (PS3.3 §F.5): their files are there, and not in the
            // directory, which need not name every file (PS3.10 §8.6).
            if (!known.TryGetValue(instance.SopInstanceUid, out var found) || found.GetUInt16(Tags.Rows) is null)
            {
                continue;
            }

            var keys = Taken(found, [Tags.InstanceNumber], (Tags.InstanceNumber, ""));
            keys.Set(Tags.ReferencedFileID, path.Split('/'));
            keys.Set(Tags.ReferencedSOPClassUIDInFile, instance.SopClassUid);
            keys.Set(Tags.ReferencedSOPInstanceUIDInFile, instance.SopInstanceUid);
            keys.Set(Tags.ReferencedTransferSyntaxUIDInFile, instance.TransferSyntaxUid);
            images.Add(new DirectoryEntity("IMAGE", keys, []));
        }

        return new DirectoryEntity("SERIES", Taken(about, SeriesKeys, (Tags.Modality, "OT"), (Tags.SeriesInstanceUID, series), (Tags.SeriesNumber, "")), images);
    }

    private SearchAnswer Find(string level, IReadOnlyList<Tag> keys, string study, string? series, CancellationToken ct)
    {
        var identifier = new DataSet();
        foreach (var key in keys)
        {
            identifier.SetEmpty(key);
        }

        identifier.Set(Tags.QueryRetrieveLevel, level);
        identifier.Set(Tags.StudyInstanceUID, study);
        if (series is not null)
        {
            identifier.Set(Tags.SeriesInstanceUID, series);
        }

        return searcher.Find(new SearchRequest(InformationModel.StudyRoot, identifier, Relational: true, Strict: false) { KeepsUnicode = true }, ct);
    }

    /// <summary>Some elements of a data set with the character set that their texts are in, and what stands for one that is missing.</summary>
    private static DataSet Taken(DataSet from, IReadOnlyList<Tag> keys, params ReadOnlySpan<(Tag Tag, string Value)> missing)
    {
        var taken = new DataSet();
        foreach (var element in from)
        {
            if (element.Tag == Tags.SpecificCharacterSet || keys.Contains(element.Tag))
            {
                taken.Set(element);
            }
        }

        foreach (var (tag, value) in missing)
        {
            if (!taken.Contains(tag))
            {
                taken.Set(tag, value);
            }
        }

        return taken;
    }
}

using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Archive.Search;

/// <summary>Reads what the identifiers of C-FIND, C-MOVE and C-GET have in common.</summary>
internal static class Identifier
{
    /// <summary>The unique key of each level, from the top (PS3.4 §C.6.1.1 and §C.6.2.1).</summary>
    private static readonly (QueryLevel Level, string Term, Tag UniqueKey)[] Levels =
    [
        (QueryLevel.Patient, "PATIENT", Tags.PatientID),
        (QueryLevel.Study, "STUDY", Tags.StudyInstanceUID),
        (QueryLevel.Series, "SERIES", Tags.SeriesInstanceUID),
        (QueryLevel.Image, "IMAGE", Tags.SOPInstanceUID),
    ];

    /// <summary>The level asked for.</summary>
    /// <exception cref="SearchRefusedException">There is none, or the model does not have it.</exception>
    public static QueryLevel LevelOf(DataSet identifier, InformationModel model)
    {
        var term = identifier.GetString(Tags.QueryRetrieveLevel);
        foreach (var level in Levels)
        {
            if (level.Term == term && (model == InformationModel.PatientRoot || level.Level != QueryLevel.Patient))
            {
                return level.Level;
            }
        }

        throw Refused("Query/Retrieve Level is absent or not of this model");
    }

    public static string TermOf(QueryLevel level) => Levels[(int)level].Term;

    public static Tag UniqueKeyOf(QueryLevel level) => Levels[(int)level].UniqueKey;

    /// <summary>Checks that a hierarchical query names one entity at each level above and no key below (PS3.4 §C.4.1.2.1).</summary>
    /// <exception cref="SearchRefusedException">It does not.</exception>
    public static void RequireHierarchical(DataSet identifier, InformationModel model, QueryLevel level)
    {
        var top = model == InformationModel.PatientRoot ? QueryLevel.Patient : QueryLevel.Study;
        for (var above = top; above < level; above++)
        {
            if (identifier.GetStrings(UniqueKeyOf(above)) is not [{ Length: > 0 } key] || key.AsSpan().ContainsAny('*', '?'))
            {
                throw Refused($"Unique key {UniqueKeyOf(above)} needs one value");
            }
        }

        foreach (var element in identifier)
        {
            if (CataloguedAttributes.TryFind(element.Tag, out var attribute) && attribute.Level > level)
            {
                throw Refused($"Key {element.Tag} is below the level");
            }
        }
    }

    public static SearchRefusedException Refused(string explanation) =>
        new(SearchRefusal.IdentifierDoesNotMatchSopClass, explanation);
}

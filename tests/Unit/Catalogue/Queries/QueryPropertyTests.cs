using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Queries;

/// <summary>Random catalogues and random queries: SQL must find what the naive catalogue finds.</summary>
public sealed class QueryPropertyTests
{
    private static readonly (Tag Tag, string[] Values, string[] Keys)[] Alphabet =
    [
        (Tags.PatientID, ["A", "B1", "b1", "", "x_y", "x%y", "O'N"], ["A", "B1", "b?", "*", "x_y", "x%*", "O'N", "?", "", "*1"]),
        (Tags.IssuerOfPatientID, ["", "", "H1"], ["H1", "H*", ""]),
        (Tags.PatientName,
            ["Doe^Jane", "DOE^JÁNE", "Peña^Ana^^", "Öz=山田^花子=やまだ^はなこ", "", "O'Neil^X%_", "Smith", "Smithson^A", "=山田", "Doe ^Jane"],
            ["doe^jane", "DOE*", "pe?a^*", "山田*", "=山*", "*ana", "smith^*", "smith*", "smith", "o'neil^x%_", "*^*^*", "oz=山*", "やまだ^?なこ", "\u00C1*"]),
        (Tags.StudyDate, ["20200101", "20200102", "20201231", "2019.12.31", "", "rubbish"], ["20200101", "20200101-20200102", "-20200101", "20200102-", "20210101-20200101", "20191231"]),
        (Tags.StudyTime, ["10", "1015", "101530.5", "235959", "", "000000"], ["10", "1015", "10-11", "-101530", "101530.5-", "2359-"]),
        (Tags.AccessionNumber, ["A1", "A_1", "A%1", "A'1", "", "a1", "A1B"], ["A1", "A_1", "A?1", "A*", "*1*", "A%*", "A'1", "*?*?*?*"]),
        (Tags.StudyDescription, ["Head", "HEAD", "Clínica é", ""], ["Head", "H*d", "*é", "Clí*", "HEAD"]),
        (Tags.ReferringPhysicianName, ["", "Núñez^Eva", "Doe^Jane"], ["nunez*", "*eva", "doe^jane"]),
        (Tags.Modality, ["CT", "MR", "SR", ""], ["CT", "?R", "C*", "MR"]),
        (Tags.SeriesNumber, ["1", "01", "2", "", "-3"], ["1", "2", "-3", "5"]),
        (Tags.InstitutionName, ["Clínica", "CLINICA", ""], ["Clínica", "C*", "clinica"]),
        (Tags.InstanceNumber, ["1", "2", "03", ""], ["1", "3", "4"]),
        (Tags.ImageType, ["ORIGINAL\\PRIMARY", "DERIVED\\SECONDARY\\AXIAL", ""], ["PRIMARY", "AXIAL", "*ARY", "NONE"]),
        (Tags.Rows, ["512", "256"], ["512", "1"]),
        (Tags.SOPClassUID, [Uids.CTImageStorage, Uids.MRImageStorage], [Uids.CTImageStorage, Uids.CTImageStorage + "\\" + Uids.MRImageStorage, "1.2"]),
        (Tags.ModalitiesInStudy, [], ["CT", "CT\\MR", "S*", "XX"]),
        (Tags.NumberOfStudyRelatedInstances, [], ["1", "2", "3"]),
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, LongRun.IsAsked ? 200 : 8)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Sql_finds_what_the_naive_matcher_finds(int seed)
    {
        var random = new Random(seed);
        var naive = new NaiveCatalogue();
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        for (int i = 0; i < 60; i++)
        {
            Dictionary<Tag, string> attributes = RandomInstance(random);
            naive.Add(attributes);
            DataSet dataSet = Samples.DataSet([.. attributes.Where(pair => pair.Value.Length > 0).Select(pair => (pair.Key, pair.Value))]);
            await catalogue.Database.AddAsync(Samples.Of(dataSet), CancellationToken.None);
        }

        for (int i = 0; i < 400; i++)
        {
            var level = (QueryLevel)random.Next(4);
            bool unknownMatches = random.Next(2) == 0;
            (Tag Tag, string Key)[] keys = RandomKeys(random);
            CatalogueQuery query = Samples.Query(level, new MatchingOptions { UnknownMatches = unknownMatches }, keys) with { ReturnKeys = [] };

            string[] expected = [.. naive.Query(level, keys, unknownMatches).Select(node => Identity(level, node)).Order(StringComparer.Ordinal)];
            string[] actual = [.. catalogue.Database.Query(query, CancellationToken.None).Select(row => Identity(level, row)).Order(StringComparer.Ordinal)];

            Assert.True(
                expected.SequenceEqual(actual),
                $"seed {seed}, query {i}: {level}, unknown {unknownMatches}, {string.Join("; ", keys)}\nexpected {string.Join(", ", expected)}\nactual {string.Join(", ", actual)}");
        }
    }

    private static Dictionary<Tag, string> RandomInstance(Random random)
    {
        var attributes = new Dictionary<Tag, string>();
        foreach ((Tag tag, string[] values, _) in Alphabet)
        {
            if (values.Length > 0)
            {
                attributes[tag] = values[random.Next(values.Length)];
            }
        }

        int study = random.Next(20), series = random.Next(3);
        attributes[Tags.StudyInstanceUID] = Samples.Number(study + 1);
        attributes[Tags.SeriesInstanceUID] = Samples.Number(study + 1) + "." + Samples.Number(series + 1);
        attributes[Tags.SOPInstanceUID] = Samples.Number(study + 1) + "." + Samples.Number(series + 1) + "." + Samples.Number(random.Next(4) + 1);
        return attributes;
    }

    private static (Tag Tag, string Key)[] RandomKeys(Random random)
    {
        var keys = new Dictionary<Tag, string>();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            (Tag tag, _, string[] choices) = Alphabet[random.Next(Alphabet.Length)];
            keys[tag] = choices[random.Next(choices.Length)];
        }

        return [.. keys.Select(pair => (pair.Key, pair.Value))];
    }

    private static string Identity(QueryLevel level, NaiveCatalogue.Node node) => level == QueryLevel.Patient
        ? Samples.Number(node.Children.Count) + "/" + node.Attributes.GetValueOrDefault(Tags.PatientID, "") + "/" + node.Attributes.GetValueOrDefault(Tags.PatientName, "")
        : level == QueryLevel.Series ? node.Parent!.Key + "/" + node.Key : node.Key;

    private static string Identity(QueryLevel level, DataSet row) => level switch
    {
        QueryLevel.Patient => row.GetString(Tags.NumberOfPatientRelatedStudies) + "/" + row.GetString(Tags.PatientID) + "/" + row.GetString(Tags.PatientName),
        QueryLevel.Study => row.GetString(Tags.StudyInstanceUID)!,
        QueryLevel.Series => row.GetString(Tags.StudyInstanceUID) + "/" + row.GetString(Tags.SeriesInstanceUID),
        _ => row.GetString(Tags.SOPInstanceUID)!,
    };
}

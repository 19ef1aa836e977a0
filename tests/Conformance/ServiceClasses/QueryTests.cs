using System.Text.Json;
using System.Text.Json.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>findscu asks; what must come is worked out from the files by pydicom.</summary>
public sealed class QueryTests(QueriedArchives archives) : IClassFixture<QueriedArchives>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("every study", "STUDY", "StudyInstanceUID=")]
    [InlineData("every patient", "PATIENT", "PatientID=")]
    [InlineData("a name by its beginning", "STUDY", "PatientName=A*")]
    [InlineData("a name in the wrong case", "STUDY", "PatientName=cOMPRESSED*")]
    [InlineData("a name without its accents", "STUDY", "PatientName=buc^jer*")]
    [InlineData("a wildcard in the middle", "STUDY", "PatientName=*an*")]
    [InlineData("one unknown letter", "STUDY", "PatientName=?o*")]
    [InlineData("a patient by identifier with wildcard", "STUDY", "PatientID=1*")]
    [InlineData("one day", "STUDY", "StudyDate=20040826")]
    [InlineData("days from", "STUDY", "StudyDate=20100101-")]
    [InlineData("days until", "STUDY", "StudyDate=-20041231")]
    [InlineData("days between", "STUDY", "StudyDate=20000101-20091231")]
    [InlineData("hours between", "STUDY", "StudyTime=09-12")]
    [InlineData("a modality of a study", "STUDY", "ModalitiesInStudy=CT")]
    [InlineData("two modalities of a study", "STUDY", @"ModalitiesInStudy=CT\MR")]
    [InlineData("an accession number", "STUDY", "AccessionNumber=1*")]
    [InlineData("a description", "STUDY", "StudyDescription=*e*")]
    [InlineData("name and date together", "STUDY", "PatientName=*a*;StudyDate=19900101-20201231")]
    [InlineData("nothing", "STUDY", "PatientID=no such patient")]
    public async Task Findscu_gets_what_the_files_say(string what, string level, string keys)
    {
        Assert.NotEmpty(what);
        PanalNode node = await archives.NodeAsync(Ct);
        JsonElement outcome = await QueryAsync(node, level, Parse(keys));
        AssertExpected(outcome);
    }

    [Fact]
    public async Task Series_and_images_are_found_below_each_study()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        foreach (string study in archives.Files.Select(file => file.StudyInstanceUid).Distinct().Take(6))
        {
            AssertExpected(await QueryAsync(node, "SERIES", new() { ["StudyInstanceUID"] = study, ["SeriesInstanceUID"] = "", ["Modality"] = "" }));
            string series = archives.Files.First(file => file.StudyInstanceUid == study).SeriesInstanceUid;
            AssertExpected(await QueryAsync(node, "IMAGE", new() { ["StudyInstanceUID"] = study, ["SeriesInstanceUID"] = series, ["SOPInstanceUID"] = "" }));
        }
    }

    [Fact]
    public async Task A_list_of_UIDs_finds_each_of_them()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        string[] studies = [.. archives.Files.Select(file => file.StudyInstanceUid).Distinct().Take(5)];
        JsonElement outcome = await QueryAsync(node, "STUDY", new() { ["StudyInstanceUID"] = string.Join('\\', studies) });
        AssertExpected(outcome);
        Assert.Equal(5, outcome.GetProperty("actual").GetArrayLength());
    }

    [Theory]
    [InlineData("SPS2032")]
    [InlineData("MR*")]
    [InlineData("no such step")]
    public async Task An_item_of_a_sequence_is_matched(string step)
    {
        PanalNode node = await archives.NodeAsync(Ct);
        AssertExpected(await QueryAsync(
            node, "SERIES", new() { ["RequestAttributesSequence.ScheduledProcedureStepID"] = step, ["SeriesInstanceUID"] = "", ["StudyInstanceUID"] = "" }));
    }

    [Theory]
    [InlineData("' OR 1=1 --")]
    [InlineData("%")]
    [InlineData("_*")]
    [InlineData("*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?x")]
    public async Task Characters_that_mean_something_elsewhere_mean_nothing_here(string value)
    {
        PanalNode node = await archives.NodeAsync(Ct);
        AssertExpected(await QueryAsync(node, "STUDY", new() { ["PatientID"] = value }));
    }

    [Fact]
    public async Task Relational_queries_are_answered_without_negotiation()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        AssertExpected(await QueryAsync(node, "SERIES", new() { ["Modality"] = "MR", ["SeriesInstanceUID"] = "", ["StudyInstanceUID"] = "" }));
        AssertExpected(await QueryAsync(node, "IMAGE", new() { ["PatientID"] = archives.Files[0].PatientId, ["SOPInstanceUID"] = "", ["Modality"] = "" }));
    }

    [Fact]
    public async Task Patient_root_finds_the_studies_of_each_patient()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        foreach (string patient in archives.Files.Select(file => file.PatientId).Where(id => id.Length > 0 && !id.Contains('*', StringComparison.Ordinal)).Distinct().Take(6))
        {
            AssertExpected(await QueryAsync(node, "STUDY", new() { ["PatientID"] = patient, ["StudyInstanceUID"] = "" }, "-P"));
        }
    }

    [Fact]
    public async Task Every_response_names_level_retrieve_title_and_availability()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        JsonElement outcome = await QueryAsync(node, "STUDY", new() { ["StudyInstanceUID"] = "", ["PatientName"] = "" });
        foreach (JsonElement response in outcome.GetProperty("responses").EnumerateArray())
        {
            Assert.Equal("STUDY", response.GetProperty("QueryRetrieveLevel").GetString());
            Assert.Equal(node.AeTitle, response.GetProperty("RetrieveAETitle").GetString());
            Assert.Equal("ONLINE", response.GetProperty("InstanceAvailability").GetString());
        }
    }

    [Fact]
    public async Task A_query_without_level_is_refused()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        ProgramResult result = await ForeignProgram.RunAsync("findscu", ["-d", "-S", "-k", "StudyInstanceUID", .. node.DcmtkAddress("FINDSCU")], Ct);
        Assert.Contains("0xa900", result.Everything, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_cancelled_query_ends_with_cancel()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        ProgramResult result = await ForeignProgram.RunAsync(
            "findscu", ["-v", "-S", "--cancel", "2", "-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID", .. node.DcmtkAddress("FINDSCU")], Ct);
        // A small archive may have answered everything before the cancel request arrives; both ends are right.
        Assert.Matches("Cancel|Success", result.Succeeded().Everything);
    }

    [Fact]
    public async Task Orthanc_and_Panal_answer_field_by_field_alike()
    {
        PanalNode node = await archives.NodeAsync(Ct);
        Orthanc orthanc = await archives.OrthancAsync(Ct);
        string[] fields = ["PatientID", "PatientName", "PatientSex", "PatientBirthDate", "StudyDate", "StudyID", "AccessionNumber", "StudyDescription"];
        Dictionary<string, string> keys = fields.ToDictionary(field => field, _ => "");
        keys["StudyInstanceUID"] = "";
        Dictionary<string, JsonElement> ours = ByStudy(await QueryAsync(node, "STUDY", keys));
        Dictionary<string, JsonElement> theirs = ByStudy(await QueryAsync(orthanc.AeTitle, orthanc.DicomPort, "STUDY", keys, "-S"));
        Assert.Equal(theirs.Keys.Order(), ours.Keys.Order());
        HashSet<string> unreadable = [.. archives.Files.Where(file => file.HasCodeExtensions).Select(file => file.StudyInstanceUid)];
        foreach ((string study, JsonElement answer) in theirs)
        {
            // Orthanc 1.10 does not read ISO 2022 escape sequences.
            if (unreadable.Contains(study))
            {
                continue;
            }

            foreach (string field in fields)
            {
                Assert.Equal($"{study} {field} {Text(answer, field)}", $"{study} {field} {Text(ours[study], field)}");
            }
        }
    }

    [Fact]
    public async Task Orthanc_queries_Panal()
    {
        await archives.NodeAsync(Ct);
        Orthanc orthanc = await archives.OrthancAsync(Ct);
        var query = new JsonObject { ["Level"] = "Study", ["Query"] = new JsonObject { ["PatientID"] = "*" } };
        JsonElement answer = await orthanc.PostAsync("modalities/PANAL/query", query, Ct);
        JsonElement answers = await orthanc.GetAsync($"queries/{answer.GetProperty("ID").GetString()}/answers?expand&simplify", Ct);
        IEnumerable<string?> studies = answers.EnumerateArray().Select(one => one.GetProperty("StudyInstanceUID").GetString());
        Assert.Equal(archives.Files.Select(file => file.StudyInstanceUid).Distinct().Order(), studies.Order());
    }

    private static Dictionary<string, JsonElement> ByStudy(JsonElement outcome) =>
        outcome.GetProperty("responses").EnumerateArray().ToDictionary(response => response.GetProperty("StudyInstanceUID").GetString()!, StringComparer.Ordinal);

    private static string Text(JsonElement response, string field) => response.TryGetProperty(field, out JsonElement value) ? value.GetString()! : "";

    private static Dictionary<string, string> Parse(string keys) =>
        keys.Split(';').Select(key => key.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static void AssertExpected(JsonElement outcome)
    {
        IEnumerable<string?> Uids(string name) => outcome.GetProperty(name).EnumerateArray().Select(uid => uid.GetString());
        Assert.Equal(Uids("expected"), Uids("actual"));
    }

    /// <summary>dcmtk names the attribute of an item "Sequence[0].Attribute".</summary>
    private static string PathOf(string key) => key.Replace(".", "[0].", StringComparison.Ordinal);

    private Task<JsonElement> QueryAsync(PanalNode node, string level, Dictionary<string, string> keys, string model = "-S") =>
        QueryAsync(node.AeTitle, node.DicomPort, level, keys, level == "PATIENT" ? "-P" : model);

    private async Task<JsonElement> QueryAsync(string aeTitle, int port, string level, Dictionary<string, string> keys, string model)
    {
        using var directory = new TemporaryDirectory("find");
        string unique = level switch { "PATIENT" => "PatientID", "STUDY" => "StudyInstanceUID", "SERIES" => "SeriesInstanceUID", _ => "SOPInstanceUID" };
        keys.TryAdd(unique, "");
        IEnumerable<string> options = keys.SelectMany(key => new[] { "-k", key.Value.Length == 0 ? PathOf(key.Key) : $"{PathOf(key.Key)}={key.Value}" });
        (await ForeignProgram.RunAsync(
            "findscu", [model, "-X", "-od", directory.Path, "-k", $"QueryRetrieveLevel={level}", .. options, "-aec", aeTitle, "127.0.0.1", port.ToString()], Ct)).Succeeded();
        return await Pydicom.RunAsync(
            "expect", [level, directory.Path, JsonSerializer.Serialize(keys), .. archives.Files.Select(file => file.Path)], Ct);
    }
}

using System.Text;
using Panal.Dicom;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

/// <summary>Which studies a right is about, as people write it and as rosters carry it.</summary>
public sealed class NetworkSelectionTests
{
    [Theory]
    [InlineData("query:all")]
    [InlineData("store:own")]
    [InlineData("query:all,modality=CT+MR")]
    [InlineData("fetch:own,days=365")]
    [InlineData("fetch:all,from=2024-01-01,until=2024-12-31")]
    [InlineData("fetch:all,days=30,until=2024-02-29")]
    [InlineData("replicate:all,institution=Clinica Norte,institution=North + South")]
    [InlineData("query:all,institution=A:B=C,modality=US,days=1,without=PatientName+00100030")]
    public void A_right_is_read_as_it_is_written(string text)
    {
        Assert.True(NetworkGrant.TryParse(text, out var grant));
        Assert.Equal(text, grant.ToText());
        Assert.True(NetworkGrant.TryParse(grant.ToText(), out var again));
        Assert.Equal(grant, again);
    }

    [Theory]
    [InlineData("query")]
    [InlineData("query:")]
    [InlineData("query:some")]
    [InlineData("query:all,")]
    [InlineData("query:all,days=0")]
    [InlineData("query:all,days=36526")]
    [InlineData("query:all,days=1,days=2")]
    [InlineData("query:all,days=-1")]
    [InlineData("query:all,from=2024-01-02,until=2024-01-01")]
    [InlineData("query:all,from=2024-01-01,from=2024-01-01")]
    [InlineData("query:all,from=2023-02-29")]
    [InlineData("query:all,until=20240101")]
    [InlineData("query:all,until=")]
    [InlineData("query:all,modality=ct")]
    [InlineData("query:all,modality=")]
    [InlineData("query:all,modality=ABCDEFGHIJKLMNOPQ")]
    [InlineData("query:all,institution=")]
    [InlineData("query:all,without=NoSuchAttribute")]
    [InlineData("query:all,colour=red")]
    [InlineData("fetch:all,without=PatientName")]
    [InlineData("administer:all,modality=CT")]
    [InlineData("1:all")]
    public void What_is_no_right_is_refused(string text) => Assert.False(NetworkGrant.TryParse(text, out _));

    [Fact]
    public void Withheld_attributes_are_named_by_keyword_or_tag()
    {
        Assert.True(NetworkSelection.TryParse("without=PatientName+00100030", out var selection));
        Assert.Equal([Tags.PatientName, Tags.PatientBirthDate], selection.Withheld.OrderBy(tag => tag.Value));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void Lists_have_limits(int count, bool isValid)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(i => $"N{i}")];
        Assert.Equal(isValid, new NetworkSelection { Institutions = names }.IsValid);
        Assert.Equal(isValid, new NetworkSelection { Modalities = names }.IsValid);
        string[] tags = [.. Enumerable.Range(0, count * 4).Select(i => $"0010{i:X4}")];
        Assert.Equal(isValid, new NetworkSelection { Without = [.. tags.Take(count == 16 ? 64 : 65)] }.IsValid);
    }

    /// <summary>A restriction that this version does not know must not be taken for none.</summary>
    [Theory]
    [InlineData("""{"verb":"query","filter":"all","selection":{"modalities":["CT"],"later":1}}""")]
    [InlineData("""{"verb":"query","filter":"all","selection":{}}""")]
    [InlineData("""{"verb":"query","filter":"all"}""")]
    [InlineData("""{"verb":"fetch","filter":"all","selection":{"without":["PatientName"]}}""")]
    [InlineData("""null""")]
    public void A_roster_whose_selections_are_not_as_described_is_no_roster(string grant) =>
        Assert.Throws<NetworkDocumentException>(() => Roster.Read(Payload("", grant)));

    [Fact]
    public void A_selection_stands_where_older_nodes_do_not_look_or_the_roster_is_none()
    {
        const string Grant = """{"verb":"query","filter":"all","selection":{"modalities":["CT"],"days":30}}""";
        var roster = Roster.Read(Payload("""{"verb":"fetch","filter":"all"}""", Grant));
        Assert.Equal(["fetch:all", "query:all,modality=CT,days=30"], roster.Groups["readers"].Select(grant => grant.ToText()));
        Assert.Equal(roster.Groups["readers"], Roster.Read(roster.ToPayload()).Groups["readers"]);
        Assert.Throws<NetworkDocumentException>(() => Roster.Read(Payload(Grant, "")));
    }

    /// <summary>Each new kind of selection has a place of its own, where nodes that know the others only do not look.</summary>
    [Fact]
    public void A_selection_by_dates_stands_beside_the_others_or_the_roster_is_none()
    {
        const string Dated = """{"verb":"query","filter":"all","selection":{"from":"2024-01-01","until":"2024-12-31"}}""";
        const string Other = """{"verb":"query","filter":"all","selection":{"days":30}}""";
        var roster = Roster.Read(Payload("", Other, Dated));
        Assert.Equal(["query:all,days=30", "query:all,from=2024-01-01,until=2024-12-31"], roster.Groups["readers"].Select(grant => grant.ToText()));
        Assert.Equal(roster.Groups["readers"], Roster.Read(roster.ToPayload()).Groups["readers"]);
        Assert.Throws<NetworkDocumentException>(() => Roster.Read(Payload("", Dated)));
        Assert.Throws<NetworkDocumentException>(() => Roster.Read(Payload("", "", Other)));
        Assert.Throws<NetworkDocumentException>(() => Roster.Read(Payload("", "", Dated.Replace("2024-12-31", "2024-13-01", StringComparison.Ordinal))));
    }

    private static byte[] Payload(string plain, string selected, string dated = "") => Encoding.UTF8.GetBytes(
        $$$"""
        {"network":"6f1d2c3b-4a59-4687-90ab-cdef01234567","name":"Red","version":1,"issued":"2026-03-01T12:00:00Z","range":"10.77.0.0/16","nextAddress":1,
         "members":[],"groups":{"readers":[{{{plain}}}]},"selected":{"readers":[{{{selected}}}]},"dated":{"readers":[{{{dated}}}]}}
        """);
}

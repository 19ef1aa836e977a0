using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Panal.Security.Audit;

namespace Panal.Unit.Security.Audit;

public sealed partial class AuditTrailTests : IDisposable
{
    private static readonly AuditParty Modality = new("CT1", IPAddress.Parse("10.0.0.5"));
    private static readonly AuditParty Archive = new("PANAL", null);
    private static readonly AuditPatient Patient = new(
        "P1", "Núñez^Ana", [new AuditStudy("1.2.3", "A77", [("1.2.840.10008.5.1.4.1.1.2", 40)])]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<AuditMessage, string, string> Events => new()
    {
        { AuditEvents.ApplicationStarted("node1", "PANAL"), "110100", "E" },
        { AuditEvents.ApplicationStopped("node1", "PANAL"), "110100", "E" },
        { AuditEvents.AuditLogUsed("node1", new AuditPerson("ana", IPAddress.Loopback)), "110101", "R" },
        { AuditEvents.BeginTransferring(Modality, Archive, true, Patient), "110102", "E" },
        { AuditEvents.InstancesTransferred(Modality, Archive, true, Patient, AuditAction.Create, AuditOutcome.Success), "110104", "C" },
        { AuditEvents.InstancesAccessed(Modality, Patient, AuditAction.Read, AuditOutcome.Success), "110103", "R" },
        { AuditEvents.StudyDeleted(Modality, Patient, "sent twice", AuditOutcome.Success), "110105", "D" },
        { AuditEvents.Query(Modality, Archive, "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.2", new byte[] { 1, 2 }, AuditOutcome.Success), "110112", "E" },
        { AuditEvents.SecurityAlert("node1", Modality, SecurityAlertType.NetworkAccess, "unknown AE"), "110113", "E" },
        { AuditEvents.SecurityAlert("node1", null, SecurityAlertType.RestrictedFunction, "x"), "110113", "E" },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Each_event_is_one_syslog_line_with_the_elements_in_the_order_of_the_schema(AuditMessage message, string code, string action)
    {
        await using (var trail = Open())
        {
            await trail.RecordAsync(message, CancellationToken.None);
        }

        var line = Assert.Single(Lines());
        var match = SyslogLine().Match(line);
        Assert.True(match.Success, line);
        var root = XElement.Parse(match.Groups["xml"].Value);
        var names = root.Elements().Select(e => e.Name.LocalName).ToArray();
        string[] order = ["EventIdentification", "ActiveParticipant", "AuditSourceIdentification", "ParticipantObjectIdentification"];
        Assert.Equal(names.OrderBy(n => Array.IndexOf(order, n)), names);
        var identification = root.Element("EventIdentification")!;
        Assert.Equal(code, (string?)identification.Element("EventID")!.Attribute("csd-code"));
        Assert.Equal(action, (string?)identification.Attribute("EventActionCode"));
        Assert.Matches(@"T.*[+-]\d\d:\d\d$", (string?)identification.Attribute("EventDateTime"));
        Assert.True(root.Elements("ActiveParticipant").Count(p => (string?)p.Attribute("UserIsRequestor") == "true") <= 1);
        foreach (var coded in root.Descendants().Where(e => e.Attribute("csd-code") is not null && e.Name.LocalName != "AuditSourceTypeCode"))
        {
            Assert.NotNull(coded.Attribute("codeSystemName"));
            Assert.NotNull(coded.Attribute("originalText"));
        }

        string[] inObject = ["ParticipantObjectIDTypeCode", "ParticipantObjectName", "ParticipantObjectQuery", "ParticipantObjectDetail", "ParticipantObjectDescription"];
        foreach (var item in root.Elements("ParticipantObjectIdentification"))
        {
            var children = item.Elements().Select(e => e.Name.LocalName).ToArray();
            Assert.Equal(children.OrderBy(n => Array.IndexOf(inObject, n)), children);
            Assert.Single(children, n => n is "ParticipantObjectName" or "ParticipantObjectQuery");
        }
    }

    [Fact]
    public async Task A_transfer_names_source_destination_study_and_patient()
    {
        await using (var trail = Open())
        {
            await trail.RecordAsync(
                AuditEvents.InstancesTransferred(Modality, Archive, true, Patient, AuditAction.Create, AuditOutcome.Success), CancellationToken.None);
        }

        var root = XElement.Parse(SyslogLine().Match(Assert.Single(Lines())).Groups["xml"].Value);
        var source = root.Elements("ActiveParticipant").First();
        Assert.Equal("AETITLES=CT1", (string?)source.Attribute("AlternativeUserID"));
        Assert.Equal("10.0.0.5", (string?)source.Attribute("NetworkAccessPointID"));
        Assert.Equal("2", (string?)source.Attribute("NetworkAccessPointTypeCode"));
        Assert.Equal("110153", (string?)source.Element("RoleIDCode")!.Attribute("csd-code"));
        var objects = root.Elements("ParticipantObjectIdentification").ToArray();
        Assert.Equal(["1.2.3", "P1"], objects.Select(o => (string?)o.Attribute("ParticipantObjectID")));
        Assert.Equal("Núñez^Ana", objects[1].Element("ParticipantObjectName")!.Value);
        Assert.Equal("40", (string?)objects[0].Descendants("SOPClass").Single().Attribute("NumberOfInstances"));
    }

    [Fact]
    public async Task What_a_stranger_sends_cannot_forge_a_line_or_break_the_XML()
    {
        const string hostile = "X\r\n<85>1 forged\u0000\uD800 </AuditMessage>";
        await using (var trail = Open())
        {
            await trail.RecordAsync(
                AuditEvents.SecurityAlert("node1", new AuditParty(hostile, IPAddress.Loopback), SecurityAlertType.NetworkAccess, hostile),
                CancellationToken.None);
        }

        var root = XElement.Parse(SyslogLine().Match(Assert.Single(Lines())).Groups["xml"].Value);
        Assert.Contains("forged", (string?)root.Elements("ActiveParticipant").Last().Attribute("UserID"));
    }

    [Fact]
    public async Task All_of_ten_thousand_messages_are_written_in_order()
    {
        const int count = 10_000;
        await using (var trail = Open())
        {
            for (var i = 0; i < count; i++)
            {
                await trail.RecordAsync(AuditEvents.SecurityAlert("node1", new AuditParty("AE" + i, null), SecurityAlertType.NetworkAccess, "x"), CancellationToken.None);
            }
        }

        var lines = Lines();
        Assert.Equal(count, lines.Length);
        Assert.All(lines.Index(), l => Assert.Contains($"UserID=\"AE{l.Index}\"", l.Item, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_who_write_into_one_folder_lose_nothing_of_each_other()
    {
        Directory.CreateDirectory(_folder.File("audit"));
        using var watch = new FileSystemWatcher(_folder.File("audit"));
        var isWritten = new TaskCompletionSource();
        watch.Changed += (_, _) => isWritten.TrySetResult();
        watch.EnableRaisingEvents = true;
        var node = Open();
        await node.RecordAsync(AuditEvents.ApplicationStarted("node1", "BEFORE"), CancellationToken.None);
        await isWritten.Task.WaitAsync(TestContext.Current.CancellationToken);
        await using (var command = Open())
        {
            await command.RecordAsync(AuditEvents.ApplicationStarted("node1", "COMMAND"), CancellationToken.None);
        }

        await node.RecordAsync(AuditEvents.ApplicationStarted("node1", "AFTER"), CancellationToken.None);
        await node.DisposeAsync();
        var lines = Directory.EnumerateFiles(_folder.File("audit")).SelectMany(File.ReadLines).ToArray();
        Assert.All((string[])["BEFORE", "COMMAND", "AFTER"], name => Assert.Single(lines, line => line.Contains(name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_comes_while_the_writer_rests_is_written_together_afterwards()
    {
        var ct = TestContext.Current.CancellationToken;
        var time = new WaitedTime();
        await using var trail = new AuditTrail(_folder.File("audit"), new AuditSource("node1", "Hospital"), time);
        await trail.RecordAsync(AuditEvents.ApplicationStarted("node1", "FIRST"), ct);
        await time.UntilWaitedAsync(AuditTrail.Rest, ct);
        await trail.RecordAsync(AuditEvents.ApplicationStarted("node1", "SECOND"), ct);
        await trail.RecordAsync(AuditEvents.ApplicationStarted("node1", "THIRD"), ct);
        Assert.Contains("FIRST", Assert.Single(Lines()), StringComparison.Ordinal);

        time.Advance(AuditTrail.Rest);
        await time.UntilWaitedAsync(AuditTrail.Rest, ct);
        Assert.Equal(3, Lines().Length);
    }

    [Fact]
    public async Task A_trail_that_cannot_be_written_says_so_and_holds_nobody_up()
    {
        File.WriteAllText(_folder.File("audit"), "a file where the folder should be");
        var trail = Open();
        for (var i = 0; i < 3 * AuditTrail.QueueLength; i++)
        {
            await trail.RecordAsync(AuditEvents.ApplicationStarted("node1", "PANAL"), CancellationToken.None);
        }

        Assert.NotNull(trail.Problem);
        await trail.DisposeAsync();
        Assert.InRange(trail.Lost, AuditTrail.QueueLength, 3 * AuditTrail.QueueLength);
    }

    [Fact]
    public void Records_with_identities_do_not_print_them()
    {
        Assert.DoesNotContain("Núñez", Patient.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("1.2.3", Patient.Studies[0].ToString(), StringComparison.Ordinal);
        var message = AuditEvents.InstancesTransferred(Modality, Archive, true, Patient, AuditAction.Create, AuditOutcome.Success);
        Assert.DoesNotContain("Núñez", message.ToString(), StringComparison.Ordinal);
    }

    private AuditTrail Open() => new(_folder.File("audit"), new AuditSource("node1", "Hospital"), TimeProvider.System);

    private string[] Lines() => File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.File("audit"))), Encoding.UTF8)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^<85>1 \d{4}-\d\d-\d\dT[0-9:.]+[+-]\d\d:\d\d \S+ panal \d+ DICOM\+RFC3881 - \uFEFF(?<xml><AuditMessage>.*</AuditMessage>)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SyslogLine();
}

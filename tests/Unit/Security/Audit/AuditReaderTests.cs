using System.Net;
using Microsoft.Extensions.Time.Testing;
using Panal.Security.Audit;

namespace Panal.Unit.Security.Audit;

/// <summary>Reads what AuditTrail wrote; that those lines are the standard's is tested there.</summary>
public sealed class AuditReaderTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly AuditParty Modality = new("CT1", IPAddress.Parse("10.0.0.5"));
    private static readonly AuditPatient Patient = new("P1", "Núñez^Ana", [new AuditStudy("1.2.3", "A77", [("1.2.840.10008.5.1.4.1.1.2", 40)])]);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Noon);

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AuditReader Reader => new(_folder.File("audit"));

    private static AuditQuery Today(string text = "", string code = "", bool onlyFailures = false) =>
        new(DateOnly.FromDateTime(Noon.Date), DateOnly.FromDateTime(Noon.Date), text, code, onlyFailures);

    [Fact]
    public async Task A_message_is_read_back_as_it_was_recorded()
    {
        await RecordAsync(
            AuditEvents.InstancesTransferred(Modality, new AuditParty("PANAL", null), true, Patient, AuditAction.Create, AuditOutcome.Success),
            AuditEvents.SecurityAlert("node1", new AuditPerson("ana", IPAddress.Loopback), SecurityAlertType.RestrictedFunction, "eva", "Account <changed> & \"disabled\".", AuditOutcome.MinorFailure));
        var page = await Reader.FindAsync(Today(), 10, Ct);

        Assert.False(page.IsMore);
        Assert.Equal(["110113", "110104"], page.Entries.Select(e => e.EventCode));
        var stored = page.Entries[1];
        Assert.Equal((Noon, "C", 0, "CT1", "10.0.0.5", "PANAL"), (stored.Time, stored.Action, stored.Outcome, stored.By, stored.Address, stored.With));
        Assert.Equal(["1.2.3", "P1 Núñez^Ana"], stored.Objects);
        var alert = page.Entries[0];
        Assert.Equal((4, "ana", "127.0.0.1", "Account <changed> & \"disabled\"."), (alert.Outcome, alert.By, alert.Address, alert.Description));
        Assert.DoesNotContain("ana", alert.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NÚÑEZ", "", false, 1)]
    [InlineData("1.2.3", "", false, 1)]
    [InlineData("ct1", "", false, 1)]
    [InlineData("wrong password", "", false, 1)]
    [InlineData("nobody", "", false, 0)]
    [InlineData("", "110114", false, 2)]
    [InlineData("", "110104", false, 1)]
    [InlineData("", "", true, 2)]
    [InlineData("ana", "110114", true, 1)]
    public async Task A_search_finds_by_text_event_and_outcome(string text, string code, bool onlyFailures, int expected)
    {
        var ana = new AuditPerson("ana", IPAddress.Loopback);
        await RecordAsync(
            AuditEvents.InstancesTransferred(Modality, new AuditParty("PANAL", null), true, Patient, AuditAction.Create, AuditOutcome.Success),
            AuditEvents.UserAuthentication("node1", ana, isLogin: true, AuditOutcome.Success),
            AuditEvents.UserAuthentication("node1", ana, isLogin: true, AuditOutcome.MinorFailure),
            AuditEvents.SecurityAlert("node1", null, SecurityAlertType.RestrictedFunction, "A wrong password again."));
        Assert.Equal(expected, (await Reader.FindAsync(Today(text, code, onlyFailures), 10, Ct)).Entries.Count);
    }

    [Fact]
    public async Task The_newest_come_first_over_the_border_of_days_and_no_more_than_are_wanted()
    {
        await RecordAsync([.. Enumerable.Range(0, 5).Select(i => AuditEvents.SecurityAlert("node1", null, SecurityAlertType.RestrictedFunction, $"first {i}"))]);
        _time.Advance(TimeSpan.FromDays(1));
        await RecordAsync([.. Enumerable.Range(0, 3).Select(i => AuditEvents.SecurityAlert("node1", null, SecurityAlertType.RestrictedFunction, $"second {i}"))]);
        var both = Today() with { To = Today().To.AddDays(1) };

        var page = await Reader.FindAsync(both, 5, Ct);
        Assert.True(page.IsMore);
        Assert.Equal(["second 2", "second 1", "second 0", "first 4", "first 3"], page.Entries.Select(e => e.Description));
        Assert.False((await Reader.FindAsync(both, 8, Ct)).IsMore);
        Assert.Equal(5, (await Reader.FindAsync(Today(), 8, Ct)).Entries.Count);
        Assert.Empty((await Reader.FindAsync(both with { From = both.To.AddDays(1), To = both.To.AddDays(9) }, 8, Ct)).Entries);
    }

    [Fact]
    public async Task An_export_gives_the_lines_as_they_are_written_the_oldest_first()
    {
        await RecordAsync([.. Enumerable.Range(0, 3).Select(i => AuditEvents.SecurityAlert("node1", null, SecurityAlertType.RestrictedFunction, $"number {i}"))]);
        var lines = new List<string>();
        await foreach (var (line, _) in Reader.ReadAsync(Today(), Ct))
        {
            lines.Add(line);
        }

        Assert.Equal(await File.ReadAllLinesAsync(TrailFile, Ct), lines);
    }

    [Fact]
    public async Task A_line_that_is_cut_or_altered_anywhere_hides_no_other()
    {
        await RecordAsync(AuditEvents.SecurityAlert("node1", Modality, SecurityAlertType.NetworkAccess, "unknown AE"));
        var line = (await File.ReadAllLinesAsync(TrailFile, Ct))[0];
        for (var length = 0; length < line.Length; length++)
        {
            Assert.False(AuditReader.TryRead(line[..length], out _), $"{length} characters");
        }

        for (var at = 0; at < line.Length; at++)
        {
            // What is read of an altered line may be wrong; it must not fail.
            AuditReader.TryRead(line[..at] + (char)(line[at] ^ 1) + line[(at + 1)..], out _);
        }

        Assert.False(AuditReader.TryRead(line + new string(' ', 1024 * 1024), out _));
        Assert.False(AuditReader.TryRead(line.Replace("<AuditMessage>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><AuditMessage>", StringComparison.Ordinal).Replace("<AuditMessage>", "<AuditMessage>&y;", StringComparison.Ordinal), out _));
        await File.AppendAllTextAsync(TrailFile, line[..40] + "\n\n" + line + "\n" + line[..^5], Ct);
        Assert.Equal(2, (await Reader.FindAsync(Today(), 10, Ct)).Entries.Count);
    }

    private string TrailFile => Directory.GetFiles(_folder.File("audit")).Order(StringComparer.Ordinal).First();

    private async Task RecordAsync(params AuditMessage[] messages)
    {
        await using var trail = new AuditTrail(_folder.File("audit"), new AuditSource("node1", ""), _time);
        foreach (var message in messages)
        {
            await trail.RecordAsync(message, Ct);
        }
    }
}

using System.Net;
using System.Net.Http;
using Microsoft.Extensions.Logging;
using Panal.Node.Operation;
using Panal.Unit.Node.Web;

namespace Panal.Unit.Node.Operation;

public sealed class LogRoutesTests
{
    [Fact]
    public void The_newest_lines_are_kept_by_number_and_level_and_of_exceptions_only_the_type()
    {
        using var book = new LogBook(TimeProvider.System);
        var logger = book.CreateLogger("Panal.Archive.Ingest.Ingester");
        logger.Log(LogLevel.Error, default, "It failed", new FormatException("García^Ana is no date"), static (state, _) => state);
        var (entries, last) = book.Read(LogLevel.Information, 0, 10);
        var entry = Assert.Single(entries);
        Assert.Equal((1L, LogLevel.Error, "Ingester", "It failed (FormatException)"), (last, entry.Level, entry.Source, entry.Message));

        var tooLong = new string('x', LogBook.MessageLimit + 1);
        for (var number = 0; number <= LogBook.Limit; number++)
        {
            logger.Log(number % 2 == 0 ? LogLevel.Information : LogLevel.Warning, default, tooLong, null, static (state, _) => state);
        }

        (entries, last) = book.Read(LogLevel.Information, 0, int.MaxValue);
        Assert.Equal((LogBook.Limit, LogBook.Limit + 2L, LogBook.Limit + 2L), (entries.Count, last, entries[^1].Number));
        Assert.All(entries, line => Assert.Equal(LogBook.MessageLimit, line.Message.Length));
        Assert.All(book.Read(LogLevel.Warning, 0, int.MaxValue).Entries, line => Assert.Equal(LogLevel.Warning, line.Level));
        Assert.Equal([last - 1, last], book.Read(LogLevel.Trace, last - 2, int.MaxValue).Entries.Select(static line => line.Number));
        Assert.Equal([last], book.Read(LogLevel.Trace, 0, 1).Entries.Select(static line => line.Number));
        Assert.Empty(book.Read(LogLevel.Trace, last, 10).Entries);
    }

    [Fact]
    public async Task Who_runs_the_node_reads_its_log_by_level_and_follows_it()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        // That the door of DICOMweb refuses somebody is a warning.
        await ana.SendAsync(HttpMethod.Post, "/api/accounts", $$"""{ "name": "eva", "role": "ReferringPhysician", "password": "{{WebNode.Password}}" }""");
        using var eva = node.Open();
        await eva.LogInAsync("eva");
        Assert.Equal(HttpStatusCode.Forbidden, (await eva.SendAsync(HttpMethod.Post, "/dicom-web/studies", "{}")).Status);
        var (_, all) = await ana.SendAsync(HttpMethod.Get, "/api/logs");
        var last = all.GetProperty("last").GetInt64();
        var (_, warnings) = await ana.SendAsync(HttpMethod.Get, "/api/logs?level=Warning");
        var warning = Assert.Single(warnings.GetProperty("entries").EnumerateArray());
        Assert.Equal(("Warning", "DicomWebDoor"), (warning.GetProperty("level").GetString(), warning.GetProperty("source").GetString()));
        Assert.Equal(0, (await ana.SendAsync(HttpMethod.Get, $"/api/logs?after={last}")).Body.GetProperty("entries").GetArrayLength());
        foreach (var query in (string[])["level=7", "level=Loud", "after=-1", "after=x"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await ana.SendAsync(HttpMethod.Get, "/api/logs?" + query)).Status);
        }
    }
}

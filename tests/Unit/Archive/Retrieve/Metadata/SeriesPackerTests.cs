using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Retrieve.Metadata;

public sealed class SeriesPackerTests
{
    private static readonly SeriesName Series = new("1.2.3", "1.2.3.4");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_series_is_stored_once_and_what_comes_later_is_added()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, 0, 100);
        Assert.Equal(100, await PackAsync(archive));
        var first = catalogue.MetadataOf(Series, Ct);
        Assert.Equal([64, 36], first.Select(static chunk => chunk.Instances));
        Assert.Equal(0, await PackAsync(archive));
        Assert.Equal(first.Select(static chunk => chunk.Id), catalogue.MetadataOf(Series, Ct).Select(static chunk => chunk.Id));

        // Neither full chunk is made again for one more; a small one is, without opening the files again.
        await StoreAsync(archive, 100, 1);
        Assert.Equal(1, await PackAsync(archive));
        Assert.Equal([64, 36, 1], catalogue.MetadataOf(Series, Ct).Select(static chunk => chunk.Instances));
        await StoreAsync(archive, 101, 1);
        Assert.Equal(1, await PackAsync(archive));
        var last = catalogue.MetadataOf(Series, Ct);
        Assert.Equal([64, 36, 2], last.Select(static chunk => chunk.Instances));
        Assert.Equal(first.Select(static chunk => chunk.Id), last.Take(2).Select(static chunk => chunk.Id));
        Assert.Equal(Enumerable.Range(0, 102).Select(Uid), Instances(archive).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_damaged_chunk_is_made_again_from_the_files()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, 0, 70);
        await PackAsync(archive);
        var sound = catalogue.MetadataOf(Series, Ct);
        var broken = sound[0].Chunk.ToArray();
        broken[^1] ^= 1;
        await catalogue.ReplaceMetadataAsync(Series, [sound[0].Id], [sound[0] with { Chunk = broken }], [], Ct);
        Assert.Equal(64, await PackAsync(archive));
        Assert.Equal(Enumerable.Range(0, 70).Select(Uid), Instances(archive).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_correction_gives_the_metadata_another_name_and_what_was_said_before_goes()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, 0, 3);
        await PackAsync(archive);
        var correction = new DataSet();
        correction.Set(Tags.StudyDescription, "Corrected");
        await catalogue.CorrectAsync("1.2.3", correction, "TEST", isDryRun: false, Ct);
        Assert.Equal(3, await PackAsync(archive));
        var chunk = Assert.Single(catalogue.MetadataOf(Series, Ct));
        Assert.All(MetadataChunk.Unpack(chunk)!, static json => Assert.Contains("Corrected", Encoding.UTF8.GetString(json.Span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_instance_that_cannot_be_read_keeps_no_other_from_being_stored()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, 0, 3);
        var files = await archive.FilesAsync();
        File.Delete(Path.Combine(archive.VolumeRoot, files.Keys.Order(StringComparer.Ordinal).ElementAt(1)));
        Assert.Equal(2, await PackAsync(archive));
        Assert.Equal(2, Instances(archive).Length);
    }

    [Fact]
    public async Task A_series_whose_files_are_gone_takes_one_line_of_the_log_and_keeps_the_pace()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, 0, 70);
        foreach (var path in (await archive.FilesAsync()).Keys)
        {
            File.Delete(Path.Combine(archive.VolumeRoot, path));
        }

        var (logger, pauses) = (new LogLines(), 0);
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
        var packer = new SeriesPacker(archive.Holdings.Catalogue, retriever, TimeProvider.System, logger);
        Assert.Equal(0, await packer.StoreAsync(Series, (_, _) => Task.FromResult(pauses++), Ct));
        Assert.Equal(1, pauses);
        Assert.Equal("The metadata of 70 instances of series 1.2.3.4 cannot be stored: ObjectMissingException", Assert.Single(logger.Text));
    }

    [Fact]
    public async Task What_a_series_holds_no_more_is_removed_from_its_chunks()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, 0, 3);
        await PackAsync(archive);
        await catalogue.DeleteAsync([Uid(1)], Ct);
        Assert.Empty(catalogue.MetadataOf(Series, Ct));
        Assert.Equal(2, await PackAsync(archive));
        Assert.Equal([Uid(0), Uid(2)], Instances(archive));
    }

    [Fact]
    public async Task Making_it_is_no_use_of_the_study()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, 0, 2);
        var uses = new Uses();
        Assert.Equal(2, await PackAsync(archive, uses));
        Assert.Equal(0, uses.Count);
    }

    internal static ValueTask<int> PackAsync(TemporaryArchive archive, IUseWitness? uses = null) => PackAsync(archive, Series, uses);

    internal static ValueTask<int> PackAsync(TemporaryArchive archive, SeriesName series, IUseWitness? uses = null)
    {
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes, uses: uses);
        return new SeriesPacker(archive.Holdings.Catalogue, retriever, TimeProvider.System, NullLogger.Instance).StoreAsync(series, static (_, _) => Task.CompletedTask, Ct);
    }

    private static string[] Instances(TemporaryArchive archive) =>
    [
        .. archive.Holdings.Catalogue.MetadataOf(Series, Ct).SelectMany(static chunk => MetadataChunk.Unpack(chunk)!)
            .Select(static json => System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("00080018").GetProperty("Value")[0].GetString()!),
    ];

    private static async Task StoreAsync(TemporaryArchive archive, int first, int count)
    {
        for (var index = first; index < first + count; index++)
        {
            Assert.Null((await archive.StoreAsync(new Sample { SopInstanceUid = Uid(index), PixelBytes = 64 })).Refusal);
        }
    }

    private static string Uid(int index) => $"1.2.3.4.{index + 1000}";

    private sealed class Uses : IUseWitness
    {
        public int Count { get; private set; }

        public void Used(string studyInstanceUid, long lengthBytes, bool wasHere) => Count++;
    }
}

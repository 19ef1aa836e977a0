using System.IO.Pipelines;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panal.Archive.Compaction;
using Panal.Archive.Ingest;
using Panal.Dicom;

namespace Panal.Archive.Import;

/// <summary>Takes in the files of a directory or a medium. What was interrupted goes on where it stopped.</summary>
public sealed class Importer
{
    /// <summary>Enough to keep the disk busy while other files are parsed; more would only crowd out the doors.</summary>
    private const int Workers = 4;

    private readonly Ingester _ingester;
    private readonly ILogger<Importer> _logger;
    private readonly string _ledgers;

    /// <param name="ingester">Where instances go.</param>
    /// <param name="ledgerFolder">Where the state of imports is kept.</param>
    /// <param name="logger">Where failures of ours are written.</param>
    public Importer(Ingester ingester, string ledgerFolder, ILogger<Importer> logger)
    {
        _ingester = ingester;
        _ledgers = ledgerFolder;
        _logger = logger;
    }

    /// <summary>Imports everything below a directory, or what its DICOMDIR names.</summary>
    /// <param name="root">A directory, or one file.</param>
    /// <param name="progress">Called after each file, by one caller at a time.</param>
    /// <param name="ct">Stops after the files in hand; the next import of the same directory goes on.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public async Task<ImportProgress> ImportAsync(string root, Action<ImportProgress> progress, CancellationToken ct)
    {
        using var ledger = ImportLedger.Open(_ledgers, root);
        var tally = new Tally(progress);
        var queue = Channel.CreateBounded<SourceFile>(new BoundedChannelOptions(1024) { SingleWriter = true });
        var workers = Enumerable.Range(0, Workers).Select(_ => WorkAsync(queue.Reader, ledger, tally, ct)).ToArray();
        try
        {
            foreach (var file in SourceFiles.Below(root, tally.Missing, ct))
            {
                tally.Found(file);
                await queue.Writer.WriteAsync(file, ct);
            }
        }
        finally
        {
            queue.Writer.Complete();
            await Task.WhenAll(workers);
        }

        ledger.Complete();
        return tally.Finish();
    }

    private async Task WorkAsync(ChannelReader<SourceFile> files, ImportLedger ledger, Tally tally, CancellationToken ct)
    {
        await foreach (var file in files.ReadAllAsync(ct))
        {
            if (ledger.Contains(file))
            {
                tally.Done(file, ImportedAs.DoneBefore, null);
                continue;
            }

            var (importedAs, reason) = await TryImportAsync(file, ct);
            tally.Done(file, importedAs, reason);
            if (importedAs is not ImportedAs.Refused)
            {
                ledger.Add(file);
            }
        }
    }

    private async Task<(ImportedAs As, string? Reason)> TryImportAsync(SourceFile file, CancellationToken ct)
    {
        try
        {
            return await ImportFileAsync(file, ct);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return (ImportedAs.Refused, "The file cannot be read");
        }
        catch (DicomFormatException fault)
        {
            return (ImportedAs.Refused, $"{fault.Reason} at byte {fault.OffsetBytes}");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Log.ImportFailed(_logger, fault);
            return (ImportedAs.Refused, "Our own failure; see the log");
        }
    }

    private async Task<(ImportedAs As, string? Reason)> ImportFileAsync(SourceFile file, CancellationToken ct)
    {
        await using var stream = new FileStream(
            file.FullPath, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Options = FileOptions.SequentialScan, BufferSize = 0 });
        if (CompactMaker.IsPathOfCompact(file.FullPath))
        {
            // Out of a volume: it is kept in the form that it has, and known by what it was at first.
            if (await _ingester.StoreIfCompactAsync(stream, ct) is { Result: not IngestResult.Refused } stored)
            {
                return (Describe(stored.Result), stored.Explanation);
            }

            stream.Position = 0;
        }

        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: FileIdentity.ReadAheadBytes, leaveOpen: true));
        try
        {
            if (await FileIdentity.ReadAsync(reader, ct) is not { } identity)
            {
                return (ImportedAs.NotAnInstance, null);
            }

            var request = new IngestRequest(identity.SopClassUid, identity.SopInstanceUid, identity.TransferSyntax, "");
            var outcome = await _ingester.StoreAsync(reader, request, ct);
            return (Describe(outcome.Result), outcome.Explanation);
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static ImportedAs Describe(IngestResult result) => result switch
    {
        IngestResult.Stored => ImportedAs.Stored,
        IngestResult.AlreadyThere => ImportedAs.AlreadyThere,
        IngestResult.KeptFirst or IngestResult.KeptBoth => ImportedAs.Conflicting,
        _ => ImportedAs.Refused,
    };

    /// <summary>Counts, under one lock, and reports.</summary>
    private sealed class Tally(Action<ImportProgress> progress)
    {
        private readonly Lock _lock = new();
        private readonly int[] _counts = new int[Enum.GetValues<ImportedAs>().Length];
        private int _total;
        private int _done;
        private long _totalBytes;
        private long _doneBytes;

        public void Found(SourceFile file)
        {
            lock (_lock)
            {
                _total++;
                _totalBytes += file.LengthBytes;
            }
        }

        public void Missing(ImportedFile file)
        {
            lock (_lock)
            {
                _total++;
                Count(file);
            }
        }

        public void Done(SourceFile file, ImportedAs importedAs, string? reason)
        {
            lock (_lock)
            {
                Count(new ImportedFile(file.Path, file.LengthBytes, importedAs, reason));
            }
        }

        public ImportProgress Finish()
        {
            lock (_lock)
            {
                var last = Snapshot(null, isComplete: true);
                progress(last);
                return last;
            }
        }

        private void Count(ImportedFile file)
        {
            _done++;
            _doneBytes += file.LengthBytes;
            _counts[(int)file.As]++;
            progress(Snapshot(file, isComplete: false));
        }

        private ImportProgress Snapshot(ImportedFile? latest, bool isComplete) =>
            new(_total, _totalBytes, _done, _doneBytes, [.. _counts], latest, isComplete);
    }
}

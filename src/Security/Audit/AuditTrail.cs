using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Panal.Security.Audit;

/// <summary>The audit trail of a node: RFC 5424 lines in the audit folder, one file a day; see docs/formats/audit.md.</summary>
/// <remarks>
/// Messages pass through a bounded queue to one writer. While the files can be written a full queue makes callers wait; when they
/// cannot (disk full, read-only), messages are counted as lost instead, so that images can still be read, and the first line after
/// the trouble says how many are missing.
/// </remarks>
public sealed class AuditTrail : IAsyncDisposable
{
    /// <summary>Messages that may wait for the writer: some ten seconds of the busiest node.</summary>
    public const int QueueLength = 8192;

    /// <summary>
    /// How long the writer rests after it has written: what comes meanwhile costs one waking of its thread and one write. So long may a message
    /// be missing from the files, and be lost with the process.
    /// </summary>
    internal static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(20);

    // Facility 10 (security), severity 5 (notice), PS3.15 §A.6.
    private const string Priority = "<85>1";
    private const string MessageId = "DICOM+RFC3881";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly AuditSource _source;
    private readonly TimeProvider _time;
    private readonly Channel<(DateTimeOffset Time, AuditMessage Message)> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writer;
    private FileStream? _file;
    private string? _problem;
    private long _lost;

    /// <summary>Starts the writer of a folder, which is made when it is not there.</summary>
    public AuditTrail(string folder, AuditSource source, TimeProvider time)
    {
        _folder = folder;
        _source = source;
        _time = time;
        _queue = Channel.CreateBounded<(DateTimeOffset, AuditMessage)>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
        _writer = WriteAllAsync();
    }

    /// <summary>Why the trail cannot be written now, or null.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Messages lost since the start because the trail could not be written.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Hands a message to the writer; waits while the queue is full and the writer works.</summary>
    public ValueTask RecordAsync(AuditMessage message, CancellationToken cancellationToken)
    {
        var entry = (_time.GetLocalNow(), message);
        if (_queue.Writer.TryWrite(entry))
        {
            return ValueTask.CompletedTask;
        }

        if (Problem is not null || _stopping.IsCancellationRequested)
        {
            Interlocked.Increment(ref _lost);
            return ValueTask.CompletedTask;
        }

        return _queue.Writer.WriteAsync(entry, cancellationToken);
    }

    /// <summary>Writes what is still queued and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_queue.Writer.TryComplete())
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _writer.ConfigureAwait(false);
            Close();
            _stopping.Dispose();
        }
    }

    private async Task WriteAllAsync()
    {
        var reader = _queue.Reader;
        var lines = new StringBuilder();
        long reported = 0;
        while (await reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            lines.Clear();
            var day = _time.GetLocalNow();
            var count = 0;
            var lost = Lost;
            if (lost > reported)
            {
                AppendLine(lines, day, AuditEvents.SecurityAlert(
                    _source.SourceId, null, SecurityAlertType.RestrictedFunction, $"{lost - reported} audit messages could not be written"));
            }

            while (count < QueueLength && reader.TryRead(out var entry))
            {
                AppendLine(lines, entry.Time, entry.Message);
                count++;
            }

            if (await TryWriteAsync(day, lines.ToString()).ConfigureAwait(false))
            {
                reported = lost;
            }
            else
            {
                Interlocked.Add(ref _lost, count);
            }

            await Task.Delay(Rest, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tries until it works or the node stops; the batch is lost only when the node stops.</summary>
    private async Task<bool> TryWriteAsync(DateTimeOffset day, string lines)
    {
        while (true)
        {
            try
            {
                Append(day, lines);
                Volatile.Write(ref _problem, null);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Close();
                Volatile.Write(ref _problem, e.Message);
                MakeRoom();
            }

            try
            {
                await Task.Delay(RetryAfter, _time, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    /// <summary>Lets go whoever waits for a place in the queue: images can still be read while the trail cannot be written.</summary>
    private void MakeRoom()
    {
        while (_queue.Reader.Count >= QueueLength && _queue.Reader.TryRead(out _))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <remarks>Into the page cache, on the writer's own thread: handing it to another takes longer. The file of the day stays open, but one that was taken away is made anew.</remarks>
    private void Append(DateTimeOffset day, string lines)
    {
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"audit-{day:yyyy-MM-dd}.log"));
        if (_file?.Name != path || !File.Exists(path))
        {
            Close();
            _file = Open(path);
        }

        // Commands write into the same file.
        _file.Seek(0, SeekOrigin.End);
        _file.Write(Encoding.UTF8.GetBytes(lines));
    }

    private FileStream Open(string path)
    {
        Directory.CreateDirectory(_folder);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Mode;
        }

        return new FileStream(path, options);
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    // RFC 5424 §6: <PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG, where MSG starts with a byte order mark.
    private void AppendLine(StringBuilder lines, DateTimeOffset time, AuditMessage message) => lines
        .Append(Priority).Append(' ')
        .Append(time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture)).Append(' ')
        .Append(HostName).Append(" panal ")
        .Append(Environment.ProcessId).Append(' ')
        .Append(MessageId).Append(" - \uFEFF")
        .Append(AuditXml.Write(message, _source, time)).Append('\n');

    private static string HostName { get; } = new([.. Environment.MachineName.Where(c => c is > ' ' and <= '~').Take(255).DefaultIfEmpty('-')]);
}

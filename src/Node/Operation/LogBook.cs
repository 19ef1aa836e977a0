namespace Panal.Node.Operation;

/// <summary>A line of the log.</summary>
/// <param name="Number">Counts up from 1 since the start.</param>
/// <param name="At">When.</param>
/// <param name="Level">How grave.</param>
/// <param name="Source">Which part of the node says it.</param>
/// <param name="Message">What; never patient data.</param>
internal sealed record LogEntry(long Number, DateTimeOffset At, LogLevel Level, string Source, string Message);

/// <summary>The last lines that the node logged, for the page; the whole log goes to the error stream.</summary>
/// <remarks>
/// Messages are our own, and hold no patient data by the rule of `Log.cs`. The text of an exception may come from anywhere (a path, a value that could not be read): of it
/// only the type is kept.
/// </remarks>
internal sealed class LogBook(TimeProvider time) : ILoggerProvider
{
    /// <summary>Lines that are kept: some hundred kilobytes.</summary>
    public const int Limit = 2000;

    /// <summary>Longest line, in characters.</summary>
    public const int MessageLimit = 1000;

    private readonly Lock _gate = new();
    private readonly Queue<LogEntry> _entries = new(Limit);
    private long _last;

    /// <summary>The newest lines that are at least so grave and come after a number, the oldest first, and the number of the last line of all.</summary>
    public (IReadOnlyList<LogEntry> Entries, long Last) Read(LogLevel least, long after, int limit)
    {
        lock (_gate)
        {
            return ([.. _entries.Where(entry => entry.Number > after && entry.Level >= least).TakeLast(limit)], _last);
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is open; what was kept may still be asked for.
    }

    private void Add(LogLevel level, string source, string message)
    {
        var line = message.Length > MessageLimit ? message[..MessageLimit] : message;
        lock (_gate)
        {
            if (_entries.Count == Limit)
            {
                _entries.Dequeue();
            }

            _entries.Enqueue(new LogEntry(++_last, time.GetUtcNow(), level, source, line));
        }
    }

    private sealed class Logger(LogBook book, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var message = formatter(state, null);
            book.Add(logLevel, source, exception is null ? message : $"{message} ({exception.GetType().Name})");
        }
    }
}

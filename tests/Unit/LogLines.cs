using Microsoft.Extensions.Logging;

namespace Panal.Unit;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILogger
{
    public List<string> Text { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Text)
        {
            Text.Add(formatter(state, exception));
        }
    }
}

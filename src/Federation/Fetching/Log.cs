using Microsoft.Extensions.Logging;

namespace Panal.Federation.Fetching;

internal static partial class Log
{
    [LoggerMessage(121, LogLevel.Information, "Fetches {Objects} instances of a study")]
    public static partial void FetchBegins(ILogger logger, int objects);

    [LoggerMessage(122, LogLevel.Warning, "A study cannot be fetched: {Reason}")]
    public static partial void NotFetched(ILogger logger, string reason);

    [LoggerMessage(123, LogLevel.Warning, "Nothing comes of transfer {Transfer}; who waited for it gives up")]
    public static partial void NothingComes(ILogger logger, Guid transfer);
}

using System.Globalization;
using Panal.Node.Web;
using Panal.Security.Accounts;

namespace Panal.Node.Operation;

/// <summary>`/api/logs`: what the node logged lately, by level, and what came since.</summary>
internal sealed class LogRoutes(LogBook book)
{
    /// <summary>Lines of one answer.</summary>
    public const int PageLength = 500;

    private static readonly RightsRoute Operate = new(AccountRights.Operate) { BodyLimitBytes = 0 };

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/logs", (RequestDelegate)ReadAsync).WithMetadata(Operate);

    private Task ReadAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (level, after) = (query["level"].ToString(), query["after"].ToString());
        var least = LogLevel.Trace;
        var last = 0L;
        if ((level.Length > 0 && !(char.IsAsciiLetter(level[0]) && Enum.TryParse(level, ignoreCase: true, out least)))
            || (after.Length > 0 && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out last)))
        {
            return Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "request", "level: Information, Warning, Error or Critical; after: the number of the last line that is known.");
        }

        var (entries, end) = book.Read(least, last, PageLength);
        return WebJson.WriteAsync(context, StatusCodes.Status200OK, new LogView(entries, end), OperationJson.Default.LogView);
    }
}

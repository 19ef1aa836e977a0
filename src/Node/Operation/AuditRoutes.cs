using System.Globalization;
using System.Text;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Operation;

/// <summary>The audit trail: `/api/audit` to look through it, `/api/audit/export` to take it away as it is written.</summary>
internal sealed class AuditRoutes(AuditReader reader, AuditTrail audit, WebGateOptions options, TimeProvider time)
{
    /// <summary>Most messages of one answer.</summary>
    private const int PageLimit = 500;

    /// <summary>Longest text that is searched for, in characters.</summary>
    private const int TextLimit = 200;

    /// <summary>Days of a search that names none.</summary>
    private const int UsualDays = 7;

    private static readonly RightsRoute Audit = new(AccountRights.Audit) { BodyLimitBytes = 0 };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/audit", (RequestDelegate)FindAsync).WithMetadata(Audit);
        routes.MapGet("/api/audit/export", (RequestDelegate)ExportAsync).WithMetadata(Audit);
    }

    private async Task FindAsync(HttpContext context)
    {
        var query = QueryOf(context);
        var limit = int.TryParse(context.Request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 1, PageLimit) : 100;
        var page = await reader.FindAsync(query, limit, context.RequestAborted).ConfigureAwait(false);
        await RecordAsync(context).ConfigureAwait(false);
        await WebJson.WriteAsync(context, StatusCodes.Status200OK, new AuditAnswer(page.Entries, page.IsMore), OperationJson.Default.AuditAnswer).ConfigureAwait(false);
    }

    private async Task ExportAsync(HttpContext context)
    {
        var query = QueryOf(context);
        await RecordAsync(context).ConfigureAwait(false);
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"audit-{query.From:yyyy-MM-dd}-{query.To:yyyy-MM-dd}.log\"");
        await foreach (var (line, _) in reader.ReadAsync(query, context.RequestAborted).ConfigureAwait(false))
        {
            await context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Who looks is written down too (PS3.15 §A.5.3.2).</summary>
    private ValueTask RecordAsync(HttpContext context) => audit.RecordAsync(
        AuditEvents.AuditLogUsed(options.DeviceName, new AuditPerson(context.Features.Get<Caller>()!.Name, context.Connection.RemoteIpAddress)), context.RequestAborted);

    private AuditQuery QueryOf(HttpContext context)
    {
        var query = context.Request.Query;
        var today = DateOnly.FromDateTime(time.GetLocalNow().DateTime);
        var text = query["text"].ToString();
        var code = query["event"].ToString();
        return new AuditQuery(
            DayOf(query["from"].ToString()) ?? today.AddDays(1 - UsualDays),
            DayOf(query["to"].ToString()) ?? today,
            text.Length <= TextLimit ? text.Trim() : throw new BadHttpRequestException("The text is too long."),
            code.All(char.IsAsciiDigit) && code.Length <= 10 ? code : throw new BadHttpRequestException("An event is a number."),
            query["failures"] == "true");
    }

    private static DateOnly? DayOf(string text) =>
        text.Length == 0 ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
        : throw new BadHttpRequestException("A day is written as 2026-11-26.");
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using Panal.Federation.Membership;
using Panal.Node.Web;

namespace Panal.Node.Network;

/// <summary>Where strangers ask to become members, on the HTTP door; see docs/formats/join.md.</summary>
internal static class JoinDoor
{
    /// <summary>Longest body that a stranger may send, in bytes.</summary>
    private const long BodyLimitBytes = 16 * 1024;

    // Whoever asks to join is no member yet: an administrator decides later, and what is said is signed.
    private static readonly OpenRoute Open = new(IsGuess: false, InTheClear: true) { BodyLimitBytes = null };

    public static void Map(WebApplication application)
    {
        application.MapPost("/join/1/hello", (RequestDelegate)HelloAsync).WithMetadata(Open);
        application.MapPost("/join/1/request", (RequestDelegate)AskAsync).WithMetadata(Open);
        application.MapGet("/join/1/request/{request}", (RequestDelegate)LookAsync).WithMetadata(Open);
    }

    /// <summary>Answers a request of this API, and turns refusals into their status.</summary>
    internal static async Task AnswerAsync<T>(HttpContext context, JsonTypeInfo<T> type, Func<Task<T>> work)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await context.Response.WriteAsJsonAsync(await work().ConfigureAwait(false), type, "application/json", context.RequestAborted).ConfigureAwait(false);
        }
        catch (JoinRefusedException e)
        {
            await RefuseAsync(context, StatusOf(e.Refusal), e.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, e.StatusCode, "The body is too long or cut off.").ConfigureAwait(false);
        }
        catch (JsonException)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "The body is not as described.").ConfigureAwait(false);
        }
    }

    /// <summary>Reads a body of JSON under the limit.</summary>
    internal static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        Admit(context);
        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false)
            ?? throw new JsonException("null");
    }

    internal static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        // The server reads a refused body to its end before it answers, which it could not under the limit of the other routes.
        Admit(context);
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new JoinProblem(reason), JoinMessageJson.Default.JoinProblem, "application/json", context.RequestAborted);
    }

    private static void Admit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = BodyLimitBytes;
        }
    }

    private static int StatusOf(JoinRefusal refusal) => refusal switch
    {
        JoinRefusal.Malformed => StatusCodes.Status400BadRequest,
        JoinRefusal.Unknown => StatusCodes.Status404NotFound,
        JoinRefusal.Conflict => StatusCodes.Status409Conflict,
        JoinRefusal.NotAllowed => StatusCodes.Status403Forbidden,
        JoinRefusal.TooMany => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    private static IPAddress From(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static Task HelloAsync(HttpContext context) => AnswerAsync(context, JoinMessageJson.Default.JoinWelcome, async () =>
    {
        var hello = await ReadAsync(context, JoinMessageJson.Default.JoinHello).ConfigureAwait(false);
        return context.RequestServices.GetRequiredService<JoinDesk>().Hello(hello, From(context));
    });

    private static Task AskAsync(HttpContext context) => AnswerAsync(context, JoinMessageJson.Default.JoinAnswer, async () =>
    {
        var ask = await ReadAsync(context, JoinMessageJson.Default.JoinAsk).ConfigureAwait(false);
        var audit = context.RequestServices.GetRequiredService<NetworkAudit>();
        try
        {
            var answer = context.RequestServices.GetRequiredService<JoinDesk>().Ask(ask, From(context));
            var how = answer.State == JoinState.Approved ? "joined by invitation" : "asks to join";
            await audit.ConfiguredAsync(From(context), $"a node {how}: request {answer.Request}", isDone: true, context.RequestAborted).ConfigureAwait(false);
            return answer;
        }
        catch (JoinRefusedException e)
        {
            await audit.ConfiguredAsync(From(context), $"a request to join was refused: {e.Message}", isDone: false, context.RequestAborted).ConfigureAwait(false);
            throw;
        }
    });

    private static Task LookAsync(HttpContext context) => AnswerAsync(
        context,
        JoinMessageJson.Default.JoinAnswer,
        () => Task.FromResult(context.RequestServices.GetRequiredService<JoinDesk>().StateOf(context.GetRouteValue("request") as string ?? "")));
}

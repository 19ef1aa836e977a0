namespace Panal.Node.Web;

/// <summary>
/// The diagnostic viewer OHIF under `/ohif/`: the ready bundle that `./run --with-ohif` put beside the executable. It is tens of megabytes, so its files stay on
/// the disk; which there are is known from the start, and no other path leads to any. It holds no data; what it asks for passes the gate.
/// </summary>
internal sealed class OhifRoutes
{
    /// <summary>
    /// Nothing of another host. OHIF writes styles into the page and starts workers from memory, which is allowed to it and not to our own page; it runs no text as
    /// script.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "connect-src 'self' data: blob:; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>More files than the bundle has.</summary>
    private const int FileLimit = 1000;

    private const string Index = "index.html";

    private static readonly OpenRoute Open = new(IsGuess: false, InTheClear: true) { BodyLimitBytes = 0 };

    private readonly Dictionary<string, (string File, string Type)> _files = new(StringComparer.Ordinal);

    /// <param name="folder">Where the bundle lies; it may be missing.</param>
    public OhifRoutes(string folder)
    {
        if (File.Exists(Path.Combine(folder, Index)))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Take(FileLimit))
            {
                _files[Path.GetRelativePath(folder, file).Replace('\\', '/')] = (file, TypeOf(file));
            }
        }
    }

    /// <summary>The folder beside the executable.</summary>
    public static string BesideExecutable => Path.Combine(AppContext.BaseDirectory, "ohif");

    /// <summary>False for a node that was built without it.</summary>
    public bool IsHere => _files.Count > 0;

    public void Map(IEndpointRouteBuilder routes)
    {
        if (IsHere)
        {
            routes.MapMethods("/ohif/{**path}", [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)AnswerAsync).WithMetadata(Open);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.RouteValues["path"] as string ?? "";
        // What has no ending is a place in the application, which its page finds by itself.
        if (!_files.TryGetValue(path, out var found) && (Path.HasExtension(path) || !_files.TryGetValue(Index, out found)))
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is nothing here.").ConfigureAwait(false);
            return;
        }

        var response = context.Response;
        response.ContentType = found.Type;
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.CacheControl = path.Contains(".bundle.", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        var stream = new FileStream(found.File, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        await using (stream.ConfigureAwait(false))
        {
            response.ContentLength = stream.Length;
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await stream.CopyToAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
            }
        }
    }

    private static string TypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".json" => "application/json",
        ".wasm" => "application/wasm",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
}

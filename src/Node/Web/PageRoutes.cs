namespace Panal.Node.Web;

/// <summary>
/// The page for people: the files that `./run` built of src/WebUi and put beside the executable. They are ten megabytes, so they stay on the disk; which there are
/// is known from the start, and no other path leads to any. They hold no secret, so everybody may have them; what the page asks for passes the gate.
/// </summary>
internal sealed class PageRoutes
{
    /// <summary>Nothing of another host, nothing inline, no frame around it.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>
    /// What a worker may do, which is what the file that starts it says: the decoders of images are WebAssembly. The page itself may not compile it, and a worker
    /// has no document that a script could change.
    /// </summary>
    public const string WorkerSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

    /// <summary>More files than a page ever has, in both forms: what else lies there is not it.</summary>
    private const int FileLimit = 200;

    private const string Index = "index.html";

    private static readonly OpenRoute Open = new(IsGuess: false, InTheClear: true) { BodyLimitBytes = 0 };

    private readonly List<(string Path, string Type, string File)> _files = [];

    /// <param name="folder">Where the built page lies; it may be missing.</param>
    public PageRoutes(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Index)))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Take(FileLimit))
        {
            if (TypeOf(file) is { } type)
            {
                _files.Add((Path.GetRelativePath(folder, file).Replace('\\', '/'), type, file));
            }
        }
    }

    /// <summary>The folder beside the executable.</summary>
    public static string BesideExecutable => Path.Combine(AppContext.BaseDirectory, "webui");

    /// <summary>False for a node that was built without its page.</summary>
    public bool IsHere => _files.Count > 0;

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, type, file) in _files)
        {
            // Names of assets change with their content; the page itself says which ones it wants.
            var caching = path == Index ? "no-cache" : "public, max-age=31536000, immutable";
            var policy = IsWorker(path) ? WorkerSecurityPolicy : ContentSecurityPolicy;
            var answer = new PageFile(type, caching, policy, file);
            routes.MapGet(path == Index ? "/" : "/" + path, (RequestDelegate)answer.AnswerAsync).WithMetadata(Open);
        }
    }

    /// <summary>Workers are built into files that end like this, before the hash of their content.</summary>
    private static bool IsWorker(string path) => path.Contains("Worker-", StringComparison.Ordinal) && path.EndsWith(".js", StringComparison.Ordinal);

    private static string? TypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".wasm" => "application/wasm",
        ".woff2" => "font/woff2",
        _ => null,
    };
}

using System.Globalization;
using Microsoft.AspNetCore.Http;
using Panal.DicomWeb.Answers;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Grey;
using Panal.Imaging.Rendering.Output;

namespace Panal.DicomWeb.Retrieve;

/// <summary>How a rendered resource is wanted: its parameters and its media type. PS3.18 §8.3.5.1, §8.7.4; for WADO-URI §9.4.</summary>
/// <param name="Format">The file format.</param>
/// <param name="IsMultipart">Whether several may come, each in a part.</param>
/// <param name="Quality">Of JPEG, 1 to 100.</param>
/// <param name="Window">The window, or null.</param>
/// <param name="Viewport">The viewport, or null.</param>
internal sealed record RenderedQuery(PictureFormat Format, bool IsMultipart, int Quality, Window? Window, Viewport? Viewport)
{
    /// <summary>Side of the square that a thumbnail fits into, in pixels, unless the request says otherwise.</summary>
    private const int ThumbnailSide = 128;

    private const int ThumbnailSideLimit = 512;

    private const int ThumbnailQuality = 80;

    private const string Jpeg = "image/jpeg", Png = "image/png";

    /// <summary>The part of the image that WADO-URI asks for: left, upper, right and lower edge, from 0 to 1 of its width and height.</summary>
    public (double Left, double Top, double Right, double Bottom)? Region { get; init; }

    public string ContentType => Format == PictureFormat.Png ? Png : Jpeg;

    /// <summary>All that the bytes of a picture depend on but the instance and the frame.</summary>
    public string Form => string.Create(CultureInfo.InvariantCulture, $"rendered {Format} {IsMultipart} {Quality} {Window} {Viewport} {Region}");

    /// <summary>The viewport for an image of a size.</summary>
    public Viewport? ViewportFor(int columns, int rows) => Region is not var (left, top, right, bottom) ? Viewport : Viewport! with
    {
        Left = left * columns,
        Top = top * rows,
        Columns = Math.Max(1, (right - left) * columns),
        Rows = Math.Max(1, (bottom - top) * rows),
    };

    /// <summary>Reads parameters and media types of a resource of WADO-RS.</summary>
    /// <exception cref="WebFaultException">A parameter cannot be read, or no media type fits.</exception>
    public static RenderedQuery Of(HttpRequest request, bool isOne)
    {
        foreach (var range in Accepted.Of(request))
        {
            foreach (var format in (ReadOnlySpan<PictureFormat>)[PictureFormat.Jpeg, PictureFormat.Png])
            {
                var type = format == PictureFormat.Png ? Png : Jpeg;
                if (isOne && range.Includes(type))
                {
                    return Parameters(request.Query, format, isMultipart: false);
                }

                if (range.IncludesMultipart(type))
                {
                    return Parameters(request.Query, format, isMultipart: true);
                }
            }
        }

        // Browsers' image elements ask for single pictures of whole studies too; those have no other form than parts.
        throw WebFaultException.NotAcceptable("Pictures are image/jpeg or image/png; of several frames multipart/related with parts of these types");
    }

    /// <summary>Reads parameters of a thumbnail: always one picture.</summary>
    public static RenderedQuery OfThumbnail(HttpRequest request)
    {
        var format = Accepted.Of(request).Select(range => range.Includes(Jpeg) ? PictureFormat.Jpeg : range.Includes(Png) ? PictureFormat.Png : (PictureFormat?)null)
            .FirstOrDefault(found => found is not null) ?? throw WebFaultException.NotAcceptable("Thumbnails are image/jpeg or image/png");
        var viewport = request.Query.ContainsKey("viewport") ? ViewportOf(Numbers(request.Query, "viewport")) : new Viewport(ThumbnailSide, ThumbnailSide);
        return viewport is { Width: <= ThumbnailSideLimit, Height: <= ThumbnailSideLimit }
            ? new RenderedQuery(format, IsMultipart: false, ThumbnailQuality, null, viewport)
            : throw WebFaultException.BadRequest($"A thumbnail is at most {ThumbnailSideLimit} pixels wide and high");
    }

    /// <summary>Reads parameters of WADO-URI, which has names of its own.</summary>
    public static RenderedQuery OfUri(IQueryCollection query, PictureFormat format)
    {
        Window? window = null;
        if (query.ContainsKey("windowCenter") || query.ContainsKey("windowWidth"))
        {
            window = WindowOf([Single(query, "windowCenter"), Single(query, "windowWidth")], null);
        }

        double? Side(string name) => query.ContainsKey(name) ? Single(query, name) : null;
        var (columns, rows) = (Side("columns"), Side("rows"));
        var isSized = columns is not null || rows is not null || query.ContainsKey("region");
        return new RenderedQuery(
            format, IsMultipart: false, QualityOf(query, "imageQuality"), window, isSized ? ViewportOf([columns ?? Viewport.Limit, rows ?? Viewport.Limit]) : null)
        {
            Region = query.ContainsKey("region") ? RegionOf(Numbers(query, "region"), isSized: columns is not null || rows is not null) : null,
        };
    }

    private static (double, double, double, double) RegionOf(double?[] edges, bool isSized)
    {
        var isRegion = edges is [>= 0 and < 1, >= 0 and < 1, > 0 and <= 1, > 0 and <= 1] && edges[0] < edges[2] && edges[1] < edges[3];
        if (!isRegion)
        {
            throw WebFaultException.BadRequest("region is left,top,right,bottom in parts of the image from 0 to 1");
        }

        // Without a size a part would be blown up to the largest there is.
        return isSized
            ? (edges[0]!.Value, edges[1]!.Value, edges[2]!.Value, edges[3]!.Value)
            : throw WebFaultException.BadRequest("region needs rows or columns");
    }

    private static RenderedQuery Parameters(IQueryCollection query, PictureFormat format, bool isMultipart) => new(
        format,
        isMultipart,
        QualityOf(query, "quality"),
        query.ContainsKey("window") ? WindowOf(query["window"].ToString().Split(',')) : null,
        query.ContainsKey("viewport") ? ViewportOf(Numbers(query, "viewport")) : null);

    /// <summary>Centre, width and function.</summary>
    private static Window WindowOf(string[] parts) => parts.Length == 3 || parts.Length == 2
        ? WindowOf([Number(parts[0], "window"), Number(parts[1], "window")], parts.Length == 3 ? parts[2].Trim() : null)
        : throw WebFaultException.BadRequest("window is center,width,function");

    private static Window WindowOf(double[] numbers, string? function)
    {
        WindowFunction? known = function?.ToLowerInvariant() switch
        {
            null or "linear" => WindowFunction.Linear,
            "linear-exact" => WindowFunction.LinearExact,
            "sigmoid" => WindowFunction.Sigmoid,
            _ => null,
        };
        var window = known is { } found ? new Window(numbers[0], numbers[1], found) : throw WebFaultException.BadRequest("The function of a window is linear, linear-exact or sigmoid");
        return window.IsValid ? window : throw WebFaultException.BadRequest("The width of a window is at least 1; of exact and sigmoid ones more than 0");
    }

    private static Viewport ViewportOf(double?[] numbers)
    {
        var isWhole = numbers.Length is 2 or 6 && numbers[0] is { } width && numbers[1] is { } height && Math.Floor(width) == width && Math.Floor(height) == height
            && Math.Abs(width) <= Viewport.Limit && Math.Abs(height) <= Viewport.Limit;
        if (!isWhole)
        {
            throw WebFaultException.BadRequest($"viewport is width,height or width,height,left,top,columns,rows; width and height are at most {Viewport.Limit}");
        }

        var viewport = new Viewport((int)numbers[0]!.Value, (int)numbers[1]!.Value);
        viewport = numbers.Length == 2
            ? viewport
            : viewport with { Left = numbers[2] ?? 0, Top = numbers[3] ?? 0, Columns = numbers[4], Rows = numbers[5] };
        return viewport.IsValid ? viewport : throw WebFaultException.BadRequest("The viewport has no size, or begins outside the image");
    }

    private static int QualityOf(IQueryCollection query, string name)
    {
        if (!query.ContainsKey(name))
        {
            return PictureFile.DefaultQuality;
        }

        return int.TryParse(query[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var quality) && quality is >= 1 and <= 100
            ? quality
            : throw WebFaultException.BadRequest($"{name} is a whole number from 1 to 100");
    }

    private static double Single(IQueryCollection query, string name) => Number(query[name].ToString(), name);

    private static double?[] Numbers(IQueryCollection query, string name) =>
        [.. query[name].ToString().Split(',').Select(part => part.Trim().Length == 0 ? (double?)null : Number(part, name))];

    private static double Number(string text, string name) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw WebFaultException.BadRequest($"{name} holds something that is no number");
}

using Microsoft.AspNetCore.Http;

namespace Panal.DicomWeb.Answers;

/// <summary>A request that cannot be answered, with its status; the text is shown to the caller and holds no patient data.</summary>
internal sealed class WebFaultException(int statusCode, string detail) : Exception(detail)
{
    public int StatusCode { get; } = statusCode;

    public static WebFaultException BadRequest(string detail) => new(StatusCodes.Status400BadRequest, detail);

    public static WebFaultException NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    public static WebFaultException NotAcceptable(string detail) => new(StatusCodes.Status406NotAcceptable, detail);
}

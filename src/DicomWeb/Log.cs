using System.Net;
using Microsoft.Extensions.Logging;

namespace Panal.DicomWeb;

/// <summary>What this door logs; never a path or query, for they hold patient data.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Refused a DICOMweb request of {Address}: {StatusCode}")]
    public static partial void Refused(ILogger logger, IPAddress? address, int statusCode);

    [LoggerMessage(2, LogLevel.Error, "A DICOMweb request failed; trace {TraceId}")]
    public static partial void Failed(ILogger logger, Exception fault, string traceId);

    [LoggerMessage(3, LogLevel.Warning, "An answer of DICOMweb was broken off; trace {TraceId}")]
    public static partial void BrokenOff(ILogger logger, Exception fault, string traceId);

    [LoggerMessage(4, LogLevel.Warning, "A part of what an archive gave by WADO-RS is not taken: {Reason}")]
    public static partial void PartRefused(ILogger logger, string reason);
}

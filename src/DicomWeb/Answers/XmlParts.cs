using System.Text;
using System.Xml;
using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.Dicom.Xml;

namespace Panal.DicomWeb.Answers;

/// <summary>Data sets as parts of XML, each a document of the Native DICOM Model (PS3.18 §8.7.3.2; PS3.19 Annex A).</summary>
internal sealed class XmlParts : IAsyncDisposable
{
    private readonly TextAnswer _body;
    private readonly string _boundary;
    private readonly MemoryStream _buffer = new();

    private XmlParts(TextAnswer body, string boundary) => (_body, _boundary) = (body, boundary);

    public static XmlParts Begin(HttpContext context)
    {
        var boundary = MultipartBody.NewBoundary();
        return new XmlParts(TextAnswer.Begin(context, $"multipart/related; type=\"application/dicom+xml\"; boundary={boundary}"), boundary);
    }

    public async ValueTask WriteAsync(DataSet dataSet, BulkDataReference? bulkData, CancellationToken ct)
    {
        _buffer.Write(Encoding.ASCII.GetBytes($"--{_boundary}\r\nContent-Type: application/dicom+xml\r\n\r\n"));
        using (var xml = XmlWriter.Create(_buffer, NativeXml.Settings))
        {
            NativeXml.Write(dataSet, xml, bulkData);
        }

        _buffer.Write("\r\n"u8);
        if (_buffer.Length >= TextAnswer.StepBytes)
        {
            await FlushAsync(ct);
        }
    }

    public async ValueTask EndAsync(CancellationToken ct)
    {
        _buffer.Write(Encoding.ASCII.GetBytes($"--{_boundary}--\r\n"));
        await FlushAsync(ct);
        await _body.EndAsync(ct);
    }

    public ValueTask DisposeAsync() => _body.DisposeAsync();

    private async ValueTask FlushAsync(CancellationToken ct)
    {
        await _body.WriteAsync(_buffer.GetBuffer().AsMemory(0, (int)_buffer.Length), ct);
        _buffer.SetLength(0);
    }
}

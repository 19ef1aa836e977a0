using System.Text.Json;
using Panal.Dicom;
using Panal.Dicom.Json;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>The metadata of one instance: all its attributes, with references in place of long values (PS3.18 §10.4.1.1.2).</summary>
public static class InstanceMetadata
{
    /// <summary>What stands before each reference in the JSON, and nowhere else: inside values, quotation marks are escaped.</summary>
    private static ReadOnlySpan<byte> ReferenceStart => "\"BulkDataURI\":\""u8;

    /// <summary>Where the resource of a long value stands below that of its instance.</summary>
    public static string ReferenceOf(string path) => "bulkdata/" + path;

    /// <summary>Writes the JSON with references that name the host.</summary>
    /// <param name="json">With references that are relative to the resource of the instance.</param>
    /// <param name="instanceUrl">URL of that resource, in UTF-8 as it stands in JSON.</param>
    /// <param name="writer">Takes it.</param>
    public static void Complete(ReadOnlySpan<byte> json, ReadOnlySpan<byte> instanceUrl, System.Buffers.IBufferWriter<byte> writer)
    {
        while (json.IndexOf(ReferenceStart) is var found and >= 0)
        {
            var end = found + ReferenceStart.Length;
            Write(writer, json[..end]);
            Write(writer, instanceUrl);
            Write(writer, "/"u8);
            json = json[end..];
        }

        Write(writer, json);

        static void Write(System.Buffers.IBufferWriter<byte> writer, ReadOnlySpan<byte> bytes) => System.Buffers.BuffersExtensions.Write(writer, bytes);
    }

    /// <summary>Reads the attributes of an instance that is here from its file.</summary>
    /// <exception cref="IOException">It has gone meanwhile.</exception>
    /// <exception cref="DicomFormatException">The stored bytes are no data set, or beyond a limit.</exception>
    public static ValueTask<DataSetOutline> ReadAsync(Retriever retriever, InstanceReference instance, CancellationToken ct) =>
        ReadAsync(InstanceBytes.Open(retriever, instance), instance, ct);

    /// <summary>Makes the JSON of an instance that is here, with references that are relative to its resource.</summary>
    /// <inheritdoc cref="ReadAsync(Retriever, InstanceReference, CancellationToken)"/>
    internal static async ValueTask<byte[]> MakeAsync(InstanceBytes? bytes, InstanceReference instance, CancellationToken ct)
    {
        var outline = await ReadAsync(bytes, instance, ct);
        return DicomJson.ToUtf8(outline.DataSet, value => outline.Omits(value) ? ReferenceOf(value.Path) : null);
    }

    private static async ValueTask<DataSetOutline> ReadAsync(InstanceBytes? opened, InstanceReference instance, CancellationToken ct)
    {
        await using var bytes = opened ?? throw new IOException("An instance has gone meanwhile");
        var outline = await bytes.OutlineAsync(OutlineOptions.Default, ct);
        KnownVrs.Restore(outline);

        // By what the file says; a viewer needs it before it asks for frames (PS3.18 §10.4.1.1.2).
        outline.DataSet.Set(Tags.AvailableTransferSyntaxUID, instance.TransferSyntaxUid);
        return outline;
    }
}

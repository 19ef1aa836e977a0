using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>Writes the instances of a C-GET into a folder, one Part 10 file each, byte for byte as they came.</summary>
/// <remarks>A file is named by its SOP Instance UID; what is no UID is named by its hash, so that no name leaves the folder.</remarks>
public sealed class InstanceFolder(string path) : IDimseService
{
    private const int FlushBytes = 1 << 20;
    private long _instances;
    private long _bytes;

    /// <summary>Instances written so far.</summary>
    public long Instances => Interlocked.Read(ref _instances);

    /// <summary>Bytes written so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        if (request.CommandField != CommandField.CStore || request.SopInstanceUid is not { } sopInstanceUid || request.SopClassUid is not { } sopClassUid)
        {
            await request.RespondWithErrorAsync(GeneralStatus.UnrecognizedOperation, "Only C-STORE is offered", ct);
            return;
        }

        try
        {
            await WriteAsync(request, sopClassUid, sopInstanceUid, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await request.RespondWithErrorAsync(StorageTable.OutOfResources, "The file cannot be written", ct);
            return;
        }

        Interlocked.Increment(ref _instances);
        await request.RespondAsync(StorageTable.Success.Code, ct);
    }

    private async ValueTask WriteAsync(DimseRequest request, string sopClassUid, string sopInstanceUid, CancellationToken ct)
    {
        var target = Path.Combine(path, NameOf(sopInstanceUid) + ".dcm");
        var part = target + ".part";
        try
        {
            await using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                var writer = PipeWriter.Create(file, new StreamPipeWriterOptions(minimumBufferSize: FlushBytes, leaveOpen: true));
                FileMeta.WriteHeader(sopClassUid, sopInstanceUid, request.Context.TransferSyntax, writer);
                await request.DataSet.CopyToAsync(writer, ct);
                await writer.CompleteAsync();
                Interlocked.Add(ref _bytes, file.Length);
            }

            File.Move(part, target, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static string NameOf(string sopInstanceUid) =>
        Uid.IsWellFormed(sopInstanceUid) ? sopInstanceUid : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sopInstanceUid)));
}

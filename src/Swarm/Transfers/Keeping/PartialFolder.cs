using System.Globalization;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Keeping;

/// <summary>The folder of partial transfers (docs/formats/partial-transfer.md). Asks for the room of a transfer before its first byte.</summary>
internal sealed class PartialFolder(IVolumeFiles files, string path, long reserveBytes)
{
    private const string Manifest = ".transfer";
    private const string Blocks = ".blocks";
    private const string Proofs = ".proofs";

    private long _promisedBytes;

    /// <summary>Begins a transfer: reserves its room and writes down what it brings.</summary>
    /// <exception cref="StorageFullException">There is no room for it, and for what others still need.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="ArgumentException">The plan has no objects or too many, or too long ones.</exception>
    public PartialObjects Create(Guid id, TransferPlan plan)
    {
        var map = MapOf(plan);
        files.CreateDirectory(path);

        // Each object is here once and in the archive once until the transfer ends.
        if (files.FreeBytes(path) - reserveBytes - Interlocked.Read(ref _promisedBytes) < 2 * map.LengthBytes)
        {
            throw new StorageFullException("There is no room for the transfer.");
        }

        try
        {
            var blocks = files.Create(PathOf(id, Blocks));
            try
            {
                blocks.Allocate(map.LengthBytes);
                WriteManifest(id, plan);
                var proofs = files.Create(PathOf(id, Proofs));
                Interlocked.Add(ref _promisedBytes, map.LengthBytes);
                return new PartialObjects(this, id, plan, map, blocks, proofs);
            }
            catch
            {
                blocks.Dispose();
                throw;
            }
        }
        catch
        {
            Delete(id);
            throw;
        }
    }

    /// <summary>Opens the transfers that were under way, and sweeps what is left of others.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public IReadOnlyList<PartialObjects> OpenAll()
    {
        var opened = new List<PartialObjects>();
        var names = files.List(path);
        foreach (var id in names.Select(IdOf).OfType<Guid>().Distinct())
        {
            var plan = names.Contains(NameOf(id, Manifest)) && names.Contains(NameOf(id, Blocks)) && names.Contains(NameOf(id, Proofs)) ? ReadManifest(id) : null;
            if (plan is null)
            {
                Delete(id);
                continue;
            }

            var map = MapOf(plan);
            Interlocked.Add(ref _promisedBytes, map.LengthBytes);
            opened.Add(new PartialObjects(this, id, plan, map, files.Open(PathOf(id, Blocks), writable: true), files.Open(PathOf(id, Proofs), writable: true)));
        }

        return opened;
    }

    /// <summary>An object needs no more room in the archive: it is there, or will never be.</summary>
    public void Fulfilled(long bytes) => Interlocked.Add(ref _promisedBytes, -bytes);

    /// <summary>Deletes the files of a transfer.</summary>
    public void Delete(Guid id)
    {
        files.Delete(PathOf(id, Manifest));
        files.Delete(PathOf(id, Blocks));
        files.Delete(PathOf(id, Proofs));
    }

    private static BlockMap MapOf(TransferPlan plan) => new(plan.Objects is TransferObject[] array ? array : [.. plan.Objects]);

    private void WriteManifest(Guid id, TransferPlan plan)
    {
        var written = PathOf(id, ".new");
        using (var file = files.Create(written))
        {
            file.Write(PartialManifest.Encode(plan).Span, default, 0);
            file.SyncData();
        }

        files.Rename(written, PathOf(id, Manifest));
        files.SyncDirectory(path);
    }

    private TransferPlan? ReadManifest(Guid id)
    {
        using var file = files.Open(PathOf(id, Manifest), writable: false);
        if (file.LengthBytes > PartialManifest.LimitBytes)
        {
            return null;
        }

        var bytes = new byte[file.LengthBytes];
        var plan = PartialManifest.TryDecode(bytes.AsSpan(0, file.Read(bytes, 0)));
        try
        {
            return plan is null || MapOf(plan).Blocks == 0 ? null : plan;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static Guid? IdOf(string name) =>
        Path.GetExtension(name) is Manifest or Blocks or Proofs or ".new" && Guid.TryParseExact(Path.GetFileNameWithoutExtension(name), "D", out var id) ? id : null;

    private static string NameOf(Guid id, string extension) => string.Create(CultureInfo.InvariantCulture, $"{id:D}{extension}");

    private string PathOf(Guid id, string extension) => Path.Combine(path, NameOf(id, extension));
}

using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Panal.Catalogue;

/// <summary>An instance and the content that somebody holds of it.</summary>
/// <param name="SopInstanceUid">SOP Instance UID.</param>
/// <param name="Hash">Content hash of the stored file.</param>
/// <param name="LengthBytes">Its length.</param>
public sealed record HeldContent(string SopInstanceUid, ReadOnlyMemory<byte> Hash, long LengthBytes);

/// <summary>A copy that no row names any more; its bytes can go. Format: docs/formats/recycling.md.</summary>
/// <param name="SopInstanceUid">SOP Instance UID.</param>
/// <param name="VolumeId">Number of the volume.</param>
/// <param name="Path">Path inside the volume.</param>
/// <param name="LengthBytes">Its length.</param>
public sealed record ReleasedCopy(string SopInstanceUid, int VolumeId, string Path, long LengthBytes)
{
    /// <summary>Instances that one job names at most: at some 200 bytes each, well below the longest payload.</summary>
    public const int LimitOfOneJob = 8192;

    private const int UidLimitBytes = 255;
    private const int NumbersBytes = sizeof(int) + sizeof(long);

    /// <summary>Writes the payload of a job.</summary>
    public static byte[] Encode(IReadOnlyList<ReleasedCopy> copies)
    {
        var output = new ArrayBufferWriter<byte>(16 + (copies.Count * 200));
        foreach (var copy in copies)
        {
            var (uid, path) = (Encoding.ASCII.GetBytes(copy.SopInstanceUid), Encoding.UTF8.GetBytes(copy.Path));
            var head = output.GetSpan(1 + uid.Length + NumbersBytes + sizeof(ushort) + path.Length);
            head[0] = checked((byte)uid.Length);
            uid.CopyTo(head[1..]);
            var rest = head[(1 + uid.Length)..];
            BinaryPrimitives.WriteInt32LittleEndian(rest, copy.VolumeId);
            BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(int)..], copy.LengthBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[NumbersBytes..], checked((ushort)path.Length));
            path.CopyTo(rest[(NumbersBytes + sizeof(ushort))..]);
            output.Advance(1 + uid.Length + NumbersBytes + sizeof(ushort) + path.Length);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the payload of a job; false when it is not one.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out IReadOnlyList<ReleasedCopy>? copies)
    {
        copies = null;
        var read = new List<ReleasedCopy>();
        while (!payload.IsEmpty)
        {
            var uid = (int)payload[0];
            if (uid is 0 or > UidLimitBytes || payload.Length < 1 + uid + NumbersBytes + sizeof(ushort) || read.Count == LimitOfOneJob)
            {
                return false;
            }

            var rest = payload[(1 + uid)..];
            var path = BinaryPrimitives.ReadUInt16LittleEndian(rest[NumbersBytes..]);
            if (path == 0 || rest.Length < NumbersBytes + sizeof(ushort) + path)
            {
                return false;
            }

            read.Add(new ReleasedCopy(
                Encoding.ASCII.GetString(payload.Slice(1, uid)),
                BinaryPrimitives.ReadInt32LittleEndian(rest),
                Encoding.UTF8.GetString(rest.Slice(NumbersBytes + sizeof(ushort), path)),
                BinaryPrimitives.ReadInt64LittleEndian(rest[sizeof(int)..])));
            payload = rest[(NumbersBytes + sizeof(ushort) + path)..];
        }

        copies = read;
        return true;
    }

    /// <summary>A path may hold a patient identifier.</summary>
    public override string ToString() => "[redacted]";
}

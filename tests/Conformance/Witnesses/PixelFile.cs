using System.Text.Json;
using Panal.Codecs.Samples;

namespace Panal.Conformance.Witnesses;

/// <summary>The frames of a Part 10 file as pydicom cuts them, and how their samples lie once decoded.</summary>
internal sealed record PixelFile(string Path, string TransferSyntaxUid, SampleLayout Layout, string Photometric, IReadOnlyList<byte[]> Frames)
{
    public static async Task<PixelFile> ReadAsync(string path, CancellationToken ct)
    {
        JsonElement file = await Pydicom.AskFramesAsync(["read", path], ct);
        int Number(string name) => file.GetProperty(name).GetInt32();
        bool Flag(string name) => file.GetProperty(name).GetBoolean();
        var layout = new SampleLayout(
            Number("width"), Number("height"), Number("components"), Number("allocated"), Number("stored"), Flag("signed"), Flag("planar"));
        return new PixelFile(
            path, file.GetProperty("syntax").GetString()!, layout, file.GetProperty("photometric").GetString()!,
            [.. file.GetProperty("frames").EnumerateArray().Select(frame => frame.GetBytesFromBase64())]);
    }

    /// <summary>Writes this file again with other, encapsulated frames.</summary>
    public async Task WriteAsync(string target, string transferSyntaxUid, IEnumerable<byte[]> frames, CancellationToken ct)
    {
        var paths = new List<string>();
        foreach (byte[] frame in frames)
        {
            paths.Add($"{target}.{paths.Count}");
            await File.WriteAllBytesAsync(paths[^1], frame, ct);
        }

        await Pydicom.AskFramesAsync(["write", Path, transferSyntaxUid, target, .. paths], ct);
    }

    /// <summary>Lets a foreign program turn the file into one without compression; null when it refuses the file.</summary>
    public async Task<PixelFile?> DecodedByAsync(string program, string[] options, TemporaryDirectory folder, CancellationToken ct)
    {
        string target = folder.Combine($"{program}-{Guid.NewGuid():N}.dcm");
        ProgramResult result = await ForeignProgram.RunAsync(program, [.. options, Path, target], ct);
        return result.ExitCode == 0 && File.Exists(target) ? await ReadAsync(target, ct) : null;
    }
}

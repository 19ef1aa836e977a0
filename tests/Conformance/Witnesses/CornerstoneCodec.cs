using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>@cornerstonejs/codec-openjpeg (npm), with which Cornerstone and OHIF decode JPEG 2000 in the browser; installed once into artifacts/witnesses.</summary>
internal static class CornerstoneCodec
{
    private static readonly NpmScript Script = new("openjpeg", "openjpeg.js", "@cornerstonejs/codec-openjpeg@1.3.6");

    /// <summary>Decodes one frame.</summary>
    /// <returns>Its samples, and what the codec says of them.</returns>
    public static async Task<(byte[] Samples, JsonElement About)> DecodeAsync(byte[] frame, CancellationToken ct)
    {
        string script = await Script.InstallAsync(ct);
        using var folder = new TemporaryDirectory("openjpeg");
        await File.WriteAllBytesAsync(folder.Combine("frame.j2k"), frame, ct);
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, folder.Combine("frame.j2k"), folder.Combine("samples")], ct)).Succeeded();
        return (await File.ReadAllBytesAsync(folder.Combine("samples"), ct), JsonDocument.Parse(result.Output.TrimEnd().Split('\n')[^1]).RootElement);
    }
}

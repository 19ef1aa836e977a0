using Panal.Unit.Architecture;

namespace Panal.Unit.Codecs.Support;

/// <summary>Small codestreams made by foreign encoders: tests/vectors/jpeg2000-codestreams.txt, one name and its bytes a paragraph.</summary>
internal static class CodestreamVectors
{
    public static byte[] Read(string name) => Read("tests/vectors/jpeg2000-codestreams.txt", name);

    /// <summary>What opj_decompress makes of it: planes, little endian.</summary>
    public static byte[] Samples(string name) => Read("tests/vectors/jpeg2000-samples.txt", name);

    private static byte[] Read(string file, string name)
    {
        var lines = RepositoryFiles.Read(file).Split('\n');
        var digits = lines.SkipWhile(line => line != name + ":").Skip(1).TakeWhile(line => line.Length > 0);
        return Convert.FromHexString(string.Concat(digits));
    }
}

using Panal.Unit.Architecture;

namespace Panal.Unit.Codecs.Support;

/// <summary>Small codestreams made by foreign encoders: tests/vectors/jpeg2000-codestreams.txt, one name and its bytes a paragraph.</summary>
internal static class CodestreamVectors
{
    public static byte[] Read(string name)
    {
        var lines = RepositoryFiles.Read("tests/vectors/jpeg2000-codestreams.txt").Split('\n');
        var digits = lines.SkipWhile(line => line != name + ":").Skip(1).TakeWhile(line => line.Length > 0);
        return Convert.FromHexString(string.Concat(digits));
    }
}

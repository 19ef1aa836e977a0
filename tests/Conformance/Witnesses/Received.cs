namespace Panal.Conformance.Witnesses;

/// <summary>What a storage server wrote, by SOP Instance UID.</summary>
internal static class Received
{
    /// <summary>Maps SOP Instance UIDs to the bytes of the data sets; dcmtk names files "modality.uid", getscu "uid".</summary>
    public static Dictionary<string, byte[]> DataSets(IEnumerable<string> files) =>
        files.ToDictionary(file => UidOf(Path.GetFileName(file)), Part10File.DataSet, StringComparer.Ordinal);

    private static string UidOf(string name) => char.IsLetter(name[0]) ? name[(name.IndexOf('.') + 1)..] : name;

    /// <summary>Fails the test unless both hold the same instances with the same bytes.</summary>
    public static void AssertSame(Dictionary<string, byte[]> expected, Dictionary<string, byte[]> actual)
    {
        Assert.Empty(expected.Keys.Except(actual.Keys));
        foreach ((string uid, byte[] bytes) in expected)
        {
            Assert.True(bytes.AsSpan().SequenceEqual(actual[uid]), $"{uid}: {bytes.Length} bytes became {actual[uid].Length}, or others");
        }
    }
}

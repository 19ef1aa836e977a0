using System.Security.Cryptography;
using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>How far an instance got, as its sender knows it.</summary>
internal enum Answer
{
    /// <summary>Sent, perhaps in part, and never answered: it may be there, then it is whole.</summary>
    None,

    /// <summary>Answered with 0000: it must be there.</summary>
    Success,

    /// <summary>Answered with anything else: it may not be there.</summary>
    Refused,
}

/// <summary>One instance as it was sent; its bytes can be made again from these numbers.</summary>
internal sealed class SentInstance(SyntheticIdentity identity, SyntheticInstance shape, int noiseOffset)
{
    private static readonly byte[] Noise = MakeNoise();

    public const int MaxPixelBytes = 4 << 20;

    public SyntheticIdentity Identity => identity;

    public SyntheticInstance Shape => shape;

    public string Hash { get; set; } = "";

    public Answer Answer { get; set; }

    /// <summary>The data set as it goes over the wire; the hash is kept.</summary>
    public byte[] Build()
    {
        var dataSet = GC.AllocateUninitializedArray<byte>((int)shape.LengthBytes);
        shape.WriteHeader(identity, dataSet);
        Noise.AsSpan(noiseOffset, (int)shape.PixelBytes).CopyTo(dataSet.AsSpan(shape.HeaderBytes));
        Hash = Convert.ToHexString(SHA256.HashData(dataSet));
        return dataSet;
    }

    private static byte[] MakeNoise()
    {
        var noise = new byte[2 * MaxPixelBytes];
        new Random(20).NextBytes(noise);
        return noise;
    }
}

/// <summary>Everything that was sent to one archive, by study and SOP Instance UID; each sender writes its own study.</summary>
internal sealed class Ledger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, SentInstance>> _studies = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Studies
    {
        get
        {
            lock (_lock)
            {
                return [.. _studies.Keys];
            }
        }
    }

    public void Add(SentInstance instance)
    {
        lock (_lock)
        {
            if (!_studies.TryGetValue(instance.Identity.StudyUid, out var study))
            {
                _studies[instance.Identity.StudyUid] = study = new(StringComparer.Ordinal);
            }

            study.Add(instance.Identity.SopInstanceUid, instance);
        }
    }

    public IReadOnlyDictionary<string, SentInstance> Study(string studyUid)
    {
        lock (_lock)
        {
            return _studies[studyUid];
        }
    }

    public int Count(Answer answer)
    {
        lock (_lock)
        {
            return _studies.Values.Sum(study => study.Values.Count(instance => instance.Answer == answer));
        }
    }
}

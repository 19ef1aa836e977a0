using System.Globalization;
using Panal.Swarm;
using Panal.Unit.Federation.Membership;
using Panal.Unit.Security;

namespace Panal.Unit.Federation.Support;

/// <summary>The folders of a centre and its members on the day of their joining: keys and certificates are made once, each history begins with a copy.</summary>
internal sealed class FoundedNetwork : IDisposable
{
    private const int Clinics = 3;

    private readonly TemporaryFolder _folder = new();

    public DateTimeOffset Day { get; private set; }

    /// <summary>Who they are; the first is the centre.</summary>
    public IReadOnlyList<NodeId> Members { get; private set; } = [];

    public async Task FoundAsync(CancellationToken ct)
    {
        var time = new SetTime();
        Day = time.Now;
        while (!await TryFoundAsync(time, ct))
        {
        }
    }

    /// <summary>Copies the folder of a member: 0 is the centre, the others in the order in which they joined.</summary>
    public void CopyTo(int member, string folder) => Copy(Path.Combine(_folder.Path, Name(member)), folder);

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Founds it once more. Identities are drawn at random, and who has the lower one decides who dials and whose word is shown, so it counts only when they
    /// rise in the order of joining: then a seed means the same in every run.
    /// </summary>
    private async Task<bool> TryFoundAsync(SetTime time, CancellationToken ct)
    {
        using var centre = SampleMember.Centre(time);
        var members = new List<SampleMember> { centre };
        try
        {
            while (members.Count <= Clinics)
            {
                var member = new SampleMember(time);
                members.Add(member);
                centre.Office.Heard(NodeId.New(), default);
                await member.JoinAsync(centre, $"CLINIC-{members.Count - 1}", ct);
                if (member.Standing.Self.CompareTo(members[^2].Standing.Self) < 0)
                {
                    return false;
                }
            }

            for (int i = 0; i < members.Count; i++)
            {
                Copy(members[i].PathOf(""), Path.Combine(_folder.Path, Name(i)));
            }

            Members = [.. members.Select(member => member.Standing.Self)];
            return true;
        }
        finally
        {
            members.Skip(1).ToList().ForEach(member => member.Dispose());
        }
    }

    private static string Name(int member) => member.ToString(CultureInfo.InvariantCulture);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}

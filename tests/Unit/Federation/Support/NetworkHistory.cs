using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Feed;
using Panal.Federation.Membership;
using Panal.Swarm;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Support;

/// <summary>
/// One random history of a network: storing, deleting, correcting, backups, power losses, partitions, rights, revocation, a new authority, months that pass.
/// Everything that is drawn is drawn on one thread while all others rest.
/// </summary>
internal sealed class NetworkHistory : IAsyncDisposable
{
    private const int Acts = 16;
    private const int MonthLimit = 3;                   // certificates last 90 days, and who is parted cannot renew
    private static readonly TimeSpan Month = TimeSpan.FromDays(25);
    private static readonly string[] Names = ["Doe^Jane", "Doe^Janet", "Roe^Ann"];

    private readonly Random _random;
    private readonly List<string> _events;
    private readonly string _folder = Path.Combine(SimulatedNode.Root, "panal-network-" + Guid.NewGuid().ToString("N"));
    private readonly FakeTimeProvider _time;
    private readonly SimulatedNetwork _network = new();
    private readonly List<SimulatedMember> _members = [];
    private readonly Dictionary<(SimulatedMember, SimulatedMember), FeedCursor> _checked = [];
    private SimulatedMember? _revoked;
    private int _months;

    private NetworkHistory(int seed, DateTimeOffset day, List<string> events)
    {
        (_random, _events) = (new Random(seed), events);
        _time = new FakeTimeProvider(day);
    }

    private SimulatedMember Centre => _members[0];

    private SimulatedMember[] Standing => [.. _members.Where(member => member != _revoked)];

    /// <summary>Lets it happen to its end.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="founded">How it begins.</param>
    /// <param name="events">Becomes what happened, in words that are the same for the same seed.</param>
    public static async Task PlayAsync(int seed, FoundedNetwork founded, List<string> events)
    {
        await using var history = new NetworkHistory(seed, founded.Day, events);
        await history.StartAsync(founded);
        await history.RunAsync();
    }

    private async Task StartAsync(FoundedNetwork founded)
    {
        var options = new FeedOptions
        {
            Gathering = TimeSpan.FromMilliseconds(100),
            LongestRetry = TimeSpan.FromSeconds(4),
            StepChanges = _random.Next(1, 12),
            StepInstances = _random.Next(1, 8),
            KeptChanges = _random.Next(2) == 0 ? 3 : 1000,
            KeptChangesAge = TimeSpan.Zero,
        };
        // The others were approved and have not come yet; whoever knows of them waits for nobody.
        for (int i = 0, count = _random.Next(2, founded.Members.Count + 1); i < count; i++)
        {
            string folder = Path.Combine(_folder, i.ToString(CultureInfo.InvariantCulture));
            founded.CopyTo(i, folder);
            _members.Add(await SimulatedMember.StartAsync(_network, folder, founded.Members[i], options, _time));
        }
    }

    private async Task RunAsync()
    {
        for (int act = 0; act < Acts; act++)
        {
            await ActAsync(_members[_random.Next(_members.Count)], _members[_random.Next(1, _members.Count)]);
            for (int events = _random.Next(12); events > 0; events--)
            {
                await CarryAsync();
            }

            await PassAsync(TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(40_000) : _random.Next(400)));
        }

        await BringTogetherAsync();
        await UntilConvergedAsync();
        Assert.All(Standing, member => Assert.Empty(member.Node.Contradictions()));
        // The model, which knows nothing of feeds, agrees.
        Assert.Equal(
            Standing.SelectMany(member => member.Node.Held.Select(held => $"holder {held.Key} {Convert.ToHexString(member.Id.Value.ToByteArray(bigEndian: true))} {held.Value}")).Order(StringComparer.Ordinal),
            Centre.Node.Dump().Split('\n').Where(line => line.StartsWith("holder", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SimulatedMember member in _members)
        {
            await member.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Of(SimulatedMember member) => _members.IndexOf(member).ToString(CultureInfo.InvariantCulture);

    private void Tell(string what) => _events.Add(what);

    private async Task ActAsync(SimulatedMember member, SimulatedMember other)
    {
        switch (_random.Next(24))
        {
            case < 8:
                await StoreAsync(member.Node);
                break;
            case 8 or 9:
                await DeleteAsync(member.Node);
                break;
            case 10 or 11:
                await CorrectAsync(member.Node);
                break;
            case 12 or 13 or 14 when other != member:
                bool isParted = _random.Next(3) > 0;
                Tell($"line {Of(member)}-{Of(other)} {(isParted ? "parted" : "healed")}");
                await Stillness.AfterAsync(() => _network.Part(member.Id, other.Id, isParted));
                break;
            case 15:
                Tell($"links {Of(member)}-{Of(other)} cut");
                await Stillness.AfterAsync(() => _network.Cut(member.Id, other.Id));
                break;
            case 16 or 17 or 18:
                await BreakAsync(member);
                break;
            case 19:
                int keep = _random.Next(4);
                Tell($"{Of(member)} keeps {keep} changes");
                await Stillness.AfterAsync(member.Node.Catalogue.CompactChangesAsync(keep, DateTimeOffset.MaxValue, CancellationToken.None));
                break;
            case 20 or 21 when Centre.IsRunning:
                await AdministerAsync(other);
                break;
            case 22 when Centre.IsRunning:
                await RenewAuthorityAsync();
                break;
            case 23 when _months++ < MonthLimit:
                await PassAsync(Month);
                break;
        }
    }

    private async Task StoreAsync(SimulatedNode node)
    {
        for (int count = _random.Next(1, 5); count > 0; count--)
        {
            string study = $"1.{_random.Next(1, 5)}", series = $"{study}.{_random.Next(1, 3)}", uid = $"{series}.{_random.Next(1, 5)}";
            // Seldom other content under the same UID, another name, or another patient for a study.
            bool isOther = _random.Next(10) == 0;
            string patient = _random.Next(12) == 0 ? "P9" : "P" + (study[^1] % 2);
            DataSet attributes = Samples.DataSet(
                (Tags.PatientID, patient), (Tags.PatientName, Names[_random.Next(8) == 0 ? 1 : 0]), (Tags.StudyInstanceUID, study),
                (Tags.SeriesInstanceUID, series), (Tags.SOPInstanceUID, uid), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.Modality, "CT"),
                (Tags.SeriesDescription, _random.Next(8) == 0 ? "other" : "axial"), (Tags.InstanceNumber, uid[^1] + (isOther ? "0" : "")));
            await node.StoreAsync(Samples.Of(attributes, isOther ? "other" : ""));
            Tell($"{uid} stored, {node.Held.Count} held");
        }
    }

    private async Task DeleteAsync(SimulatedNode node)
    {
        string[] uids = [.. node.Held.Keys.Where(_ => _random.Next(3) == 0)];
        await node.DeleteAsync(uids);
        Tell($"{string.Join(' ', uids)} deleted, {node.Held.Count} held");
    }

    private async Task CorrectAsync(SimulatedNode node)
    {
        string study = $"1.{_random.Next(1, 5)}";
        (Tag Tag, string Value) correction = _random.Next(3) switch
        {
            0 => (Tags.PatientName, Names[_random.Next(3)]),
            1 => (Tags.StudyDescription, "corrected " + _random.Next(3)),
            _ => (Tags.PatientID, "P" + _random.Next(3)),
        };
        Tell($"{study} corrected to {correction.Value}");
        await node.CorrectAsync(study, Samples.DataSet(correction));
    }

    /// <summary>The process of a member ends in one of several ways; sometimes it comes back later.</summary>
    private async Task BreakAsync(SimulatedMember member)
    {
        if (!member.IsRunning)
        {
            Tell($"{Of(member)} starts");
            await member.RunAsync();
            return;
        }

        if (_random.Next(5) == 0)
        {
            Tell($"{Of(member)} is backed up");
            member.Node.BackUp();
            return;
        }

        await member.StopAsync();
        // Whatever happens to a machine, it is not back within the same millisecond.
        await Stillness.AfterAsync(() => _time.Advance(TimeSpan.FromSeconds(1)));
        switch (_random.Next(4))
        {
            case 0 when member.Node.Backup is not null:
                Tell($"{Of(member)} is restored");
                await member.Node.RestoreAsync();
                break;
            case 1:
                Tell($"{Of(member)} is killed");
                await member.Node.KillAsync();
                break;
            default:
                double share = _random.NextDouble();
                Tell($"{Of(member)} loses power, {share:F2} of what was not synced is there");
                await member.Node.LosePowerAsync(share);
                break;
        }

        foreach (SimulatedMember publisher in _members.Where(one => one != member))
        {
            Check(member, publisher);
        }

        if (_random.Next(3) > 0)
        {
            await member.RunAsync();
        }
    }

    private async Task AdministerAsync(SimulatedMember member)
    {
        if (member == _revoked || !member.IsRunning)
        {
            return;
        }

        if (_revoked is null && _random.Next(3) == 0)
        {
            Tell($"{Of(member)} is revoked");
            await Stillness.AfterAsync(() => Centre.Office.Revoke(member.Name, "lost"));
            _revoked = member;
            return;
        }

        string[] groups = _random.Next(2) == 0 ? [] : ["clinic", "replica"];
        Tell($"{Of(member)} is in {groups.Length} groups");
        await Stillness.AfterAsync(() => Centre.Office.SetGroupsOf(member.Name, groups));
    }

    private async Task RenewAuthorityAsync()
    {
        try
        {
            await Stillness.AfterAsync(() => Tell(Centre.Office.RenewAuthority(withoutOthers: false).Done));
        }
        catch (JoinRefusedException)
        {
            Tell("not all members are so far");
        }
    }

    private async Task PassAsync(TimeSpan time)
    {
        Tell($"{time} pass");
        await Stillness.AfterAsync(() => _time.Advance(time));
        CheckRevoked();
    }

    /// <summary>Some of what is on its way somewhere arrives, or the stream is cut.</summary>
    private async Task CarryAsync()
    {
        var waiting = Waiting();
        if (waiting.Count == 0)
        {
            return;
        }

        var (wire, isBack) = waiting[_random.Next(waiting.Count)];
        double share = _random.Next(3) == 0 ? _random.NextDouble() : 1;
        if (_random.Next(25) == 0)
        {
            Tell($"{Of(wire, isBack)} breaks");
            await Stillness.AfterAsync(wire.Cut);
        }
        else
        {
            Tell($"{Of(wire, isBack)} carries {share:F2}, of {string.Join(", ", waiting.Select(way => Of(way.Wire, way.IsBack)))}");
            await CarryAsync(wire, isBack, share);
        }
    }

    private async Task CarryAsync(SimulatedWire wire, bool isBack, double share)
    {
        await wire.CarryAsync(isBack, share);
        if (wire.Opened.Protocol == FeedPublisher.ProtocolName)
        {
            Check(MemberOf(wire.Members.Opener), MemberOf(wire.Members.Server));
        }

        CheckRevoked();
    }

    private List<(SimulatedWire Wire, bool IsBack)> Waiting() =>
        [.. _network.Wires.SelectMany(wire => new[] { (Wire: wire, IsBack: false), (Wire: wire, IsBack: true) }.Where(way => way.Wire.HasWaiting(way.IsBack)))];

    private string Of(SimulatedWire wire, bool isBack) =>
        $"{wire.Opened.Protocol} {Of(MemberOf(wire.Members.Opener))}{(isBack ? '<' : '>')}{Of(MemberOf(wire.Members.Server))}";

    private SimulatedMember MemberOf(NodeId id) => _members.Single(member => member.Id == id);

    /// <summary>What one knows of another is what that one held after one of its transactions, or it says that it is not complete.</summary>
    private void Check(SimulatedMember subscriber, SimulatedMember publisher)
    {
        PublisherState? state = subscriber.Node.Catalogue.Publishers().SingleOrDefault(known => known.Node == publisher.Id.Value);
        if (state is { IsComplete: true, Cursor.Filter: 0 } && state.Cursor != FeedCursor.None && state.Cursor != _checked.GetValueOrDefault((subscriber, publisher)))
        {
            _checked[(subscriber, publisher)] = state.Cursor;
            Assert.True(publisher.Node.TryRecall(state.Cursor, out string? past), $"The cursor {state.Cursor.Sequence} stands inside a transaction.");
            Assert.Equal(past, subscriber.Node.ViewOf(publisher.Id.Value));
        }
    }

    /// <summary>Whoever knows that a member is revoked speaks with it no more.</summary>
    private void CheckRevoked()
    {
        if (_revoked is { } revoked)
        {
            foreach (SimulatedWire wire in _network.Wires.Where(wire => !wire.IsOver && (wire.Members.Opener == revoked.Id || wire.Members.Server == revoked.Id)))
            {
                SimulatedMember other = MemberOf(wire.Members.Opener == revoked.Id ? wire.Members.Server : wire.Members.Opener);
                Assert.False(other.Standing.IsRevoked(revoked.Id.Value), $"{Of(wire, isBack: false)} stands, and {Of(other)} knows that {Of(revoked)} is revoked.");
            }
        }
    }

    /// <summary>All run, all lines are there, and everybody may know everything again.</summary>
    private async Task BringTogetherAsync()
    {
        Tell("all are brought together");
        foreach (SimulatedMember member in _members.Where(member => !member.IsRunning))
        {
            await member.RunAsync();
        }

        foreach (SimulatedMember member in Standing.Where(member => member != Centre))
        {
            await Stillness.AfterAsync(() => Centre.Office.SetGroupsOf(member.Name, ["clinic"]));
        }

        await Stillness.AfterAsync(_network.Heal);
    }

    private async Task UntilConvergedAsync()
    {
        string? difference = null;
        // An hour is more than any wait there is.
        for (int round = 0; round < 3600; round++)
        {
            for (var waiting = Waiting(); waiting.Count > 0; waiting = Waiting())
            {
                foreach (var (wire, isBack) in waiting)
                {
                    await CarryAsync(wire, isBack, 1);
                }
            }

            difference = Difference();
            if (difference is null)
            {
                return;
            }

            await PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Fail($"They do not converge: {difference}\n{string.Join('\n', _members.Select(Described))}\nstreams: {string.Join(", ", _network.Wires.Select(wire => Of(wire, isBack: false)))}");
    }

    /// <summary>How it stands with a member, for whoever looks for a fault.</summary>
    private string Described(SimulatedMember member) =>
        $"{Of(member)} is linked to {string.Join(' ', member.Linked.Select(id => Of(MemberOf(id))))}; {member.Standing.Versions}; certificate until {member.Standing.Certificate.NotAfter:u}, now {_time.GetUtcNow():u}";

    private string? Difference()
    {
        SimulatedMember[] standing = Standing;
        foreach (SimulatedMember member in standing)
        {
            if (member.Standing.Versions != Centre.Standing.Versions)
            {
                return $"{Of(member)} has {member.Standing.Versions}, the centre {Centre.Standing.Versions}";
            }

            var known = member.Node.Catalogue.Publishers();
            if (_revoked is { } revoked && known.Any(publisher => publisher.Node == revoked.Id.Value))
            {
                return $"{Of(member)} has not forgotten {Of(revoked)}";
            }

            foreach (SimulatedMember of in standing.Where(one => one != member))
            {
                if (known.SingleOrDefault(publisher => publisher.Node == of.Id.Value) is not { } publisher)
                {
                    return $"{Of(member)} does not know {Of(of)}";
                }

                if (!publisher.IsComplete || publisher.LagChanges > 0 || publisher.Cursor.Sequence < of.Node.Catalogue.LastSequence())
                {
                    return $"{Of(member)} is behind {Of(of)}: {publisher.Cursor.Sequence} of {of.Node.Catalogue.LastSequence()}, complete {publisher.IsComplete}";
                }
            }

            if (member.Node.Dump() != Centre.Node.Dump())
            {
                return $"{Of(member)} has another catalogue:\n{member.Node.Dump()}\nthe centre:\n{Centre.Node.Dump()}";
            }
        }

        return null;
    }
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Unit.Security;

namespace Panal.Unit.Federation.Membership;

/// <summary>A clock that is set by hand; nothing waits for it.</summary>
internal sealed class SetTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>One node's rooms of membership, on a folder of its own.</summary>
internal sealed class SampleMember : IDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly bool _ownsFolder;

    public SampleMember(SetTime time)
        : this(time, new TemporaryFolder(), ownsFolder: true)
    {
    }

    private SampleMember(SetTime time, TemporaryFolder folder, bool ownsFolder)
    {
        (_folder, _ownsFolder) = (folder, ownsFolder);
        Time = time;
        Folder = new NetworkFolder(_folder.File("network"));
        Membership = new NetworkMembership(Folder, time);
        Office = new NetworkOffice(Membership, Folder, time);
        Desk = new JoinDesk(Membership, Office, Folder, time, NullLogger<JoinDesk>.Instance);
    }

    public SetTime Time { get; }

    public NetworkFolder Folder { get; }

    public NetworkMembership Membership { get; }

    public NetworkOffice Office { get; }

    public JoinDesk Desk { get; }

    public NetworkStanding Standing => Membership.Standing!;

    public string PathOf(string name) => _folder.File("network/" + name);

    /// <summary>A centre with a network of its own.</summary>
    public static SampleMember Centre(SetTime time, string range = "10.77.0.0/16")
    {
        var centre = new SampleMember(time);
        Assert.True(AddressRange.TryParse(range, out var addresses));
        NetworkFounding.Create(centre.Folder, "Red Andina", addresses, "CENTRE", "Hospital", ["192.0.2.1:7700"], time.Now);
        Assert.True(centre.Membership.Load());
        return centre;
    }

    /// <summary>The same member as a new process finds it on disk.</summary>
    public SampleMember Restarted()
    {
        var member = new SampleMember(Time, _folder, ownsFolder: false);
        Assert.True(member.Membership.Load());
        return member;
    }

    /// <summary>This node's side of joining a centre.</summary>
    public Joiner JoinerOf(SampleMember centre) =>
        new(new HttpClient(new DeskChannel(centre.Desk)) { BaseAddress = new Uri("http://centre.example/") }, Folder, Time);

    /// <summary>Asks a centre to join, over nothing but calls.</summary>
    public (Joiner Joiner, DeskChannel Channel, JoinWish Wish) Joining(SampleMember centre, string name)
    {
        var channel = new DeskChannel(centre.Desk);
        var http = new HttpClient(channel) { BaseAddress = new Uri("http://centre.example/") };
        var wish = new JoinWish { Name = name, Version = "1.0", Endpoints = ["192.0.2.7:7700"], Institution = "Clinica", Role = NodeRole.Clinic };
        return (new Joiner(http, Folder, Time), channel, wish);
    }

    /// <summary>Joins a centre and is approved.</summary>
    public async Task JoinAsync(SampleMember centre, string name, CancellationToken ct)
    {
        var (joiner, _, wish) = Joining(centre, name);
        var attempt = await joiner.AskAsync(wish, ct);
        centre.Desk.Approve(attempt.AuthenticationString, null, null, withoutOthers: false);
        joiner.Accept(attempt, await joiner.LookAsync(attempt, ct));
        Assert.True(Membership.Load());
    }

    public void Dispose()
    {
        Office.Dispose();
        if (_ownsFolder)
        {
            _folder.Dispose();
        }
    }
}

/// <summary>Carries docs/formats/join.md to a desk; somebody may sit in between.</summary>
internal sealed class DeskChannel(JoinDesk desk) : HttpMessageHandler
{
    public Func<JoinWelcome, JoinWelcome> OnWelcome { get; set; } = static welcome => welcome;

    public Func<JoinAsk, JoinAsk> OnAsk { get; set; } = static ask => ask;

    public Func<JoinAnswer, JoinAnswer> OnAnswer { get; set; } = static answer => answer;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return path switch
            {
                "/join/1/hello" => Answer(OnWelcome(desk.Hello(Read(body, JoinMessageJson.Default.JoinHello), IPAddress.Loopback)), JoinMessageJson.Default.JoinWelcome),
                "/join/1/request" => Answer(desk.Ask(OnAsk(Read(body, JoinMessageJson.Default.JoinAsk)), IPAddress.Loopback), JoinMessageJson.Default.JoinAnswer),
                _ => Answer(OnAnswer(desk.StateOf(path.Split('/')[^1])), JoinMessageJson.Default.JoinAnswer),
            };
        }
        catch (JoinRefusedException e)
        {
            var answer = Answer(new JoinProblem(e.Message), JoinMessageJson.Default.JoinProblem);
            answer.StatusCode = e.Refusal == JoinRefusal.TooMany ? HttpStatusCode.TooManyRequests : HttpStatusCode.Conflict;
            return answer;
        }
    }

    private static T Read<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class => JsonSerializer.Deserialize(body, type)!;

    private static HttpResponseMessage Answer<T>(T value, JsonTypeInfo<T> type) =>
        new(HttpStatusCode.OK) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new("application/json") } } };
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Federation.Membership;

/// <summary>One request to join, as the administrator sees it.</summary>
/// <param name="Id">16 bytes, hexadecimal.</param>
/// <param name="AuthenticationString">What the node shows too.</param>
/// <param name="Name">The name that it wants.</param>
/// <param name="Role">The role that it asks for.</param>
/// <param name="Institution">The institution that it says to belong to.</param>
/// <param name="Endpoints">Where links reach it, by its own word.</param>
/// <param name="Version">Version of its program.</param>
/// <param name="Address">Where the request came from.</param>
/// <param name="At">When it came.</param>
/// <param name="State">Where it stands.</param>
public sealed record JoinRequestView(
    string Id, string AuthenticationString, string Name, NodeRole Role, string Institution, IReadOnlyList<string> Endpoints,
    string Version, string Address, DateTimeOffset At, JoinState State);

/// <summary>Where strangers ask to become members, and the administrator decides; see docs/formats/join.md. All of it is bounded. Requests are kept on
/// disk before they are answered, so that they outlive a restart; sessions and invitations, which live for minutes, are not.</summary>
public sealed class JoinDesk(NetworkMembership membership, NetworkOffice office, NetworkFolder folder, TimeProvider time, ILogger<JoinDesk> logger)
{
    private const int IdBytes = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Session> _sessions = [];
    private readonly Dictionary<string, Request> _requests = [];
    private readonly Dictionary<IPAddress, (DateTimeOffset Since, int Count)> _hellos = [];
    private readonly List<(Invitation Invitation, NodeRole Role, DateTimeOffset Until)> _invitations = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isRead;

    /// <summary>Step 1: a stranger says hello.</summary>
    /// <exception cref="JoinRefusedException">It is not as described, comes too often, or this node holds no authority.</exception>
    public JoinWelcome Hello(JoinHello hello, IPAddress from)
    {
        var root = office.Root;
        var now = time.GetUtcNow();
        if (hello.Commitment.Length != JoinTranscript.HashBytes)
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, $"A commitment has {JoinTranscript.HashBytes} bytes.");
        }

        lock (_gate)
        {
            Forget(now);
            var (since, count) = _hellos.GetValueOrDefault(from, (now, 0));
            if (count >= MembershipLimits.HellosOfAddress || _sessions.Count >= MembershipLimits.Sessions
                || (count == 0 && _hellos.Count >= MembershipLimits.Sessions))
            {
                throw new JoinRefusedException(JoinRefusal.TooMany, "Too many ask at this moment; try again in a minute.");
            }

            _hellos[from] = (since, count + 1);
            var roster = membership.Standing!.Roster;
            var session = new Session(hello.Commitment, RandomNumberGenerator.GetBytes(JoinTranscript.NonceBytes), root, roster.Network, now);
            var id = RandomNumberGenerator.GetBytes(IdBytes);
            _sessions.Add(Convert.ToHexStringLower(id), session);
            return new JoinWelcome(id, roster.Network, roster.Name, root.RawData, session.Nonce, now);
        }
    }

    /// <summary>Step 2: it shows what it committed to, and asks.</summary>
    /// <exception cref="JoinRefusedException">It cannot ask this.</exception>
    public JoinAnswer Ask(JoinAsk ask, IPAddress from)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            Forget(now);
            if (ask.Session.Length != IdBytes || !_sessions.Remove(Convert.ToHexStringLower(ask.Session), out var session)
                || !JoinTranscript.IsCommitted(session.Commitment, ask.Nonce, ask.Body))
            {
                throw new JoinRefusedException(JoinRefusal.Malformed, "The session is over, or another request was committed to.");
            }

            var read = Read(ask.Body, now);
            var transcript = new JoinTranscript(session.Network, session.Root, ask.Nonce, session.Nonce, ask.Body);
            var role = ask.Proof is null ? (NodeRole?)null : UseInvitation(transcript, ask.Proof);
            MakeRoom(read, from);
            var request = new Request(
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), transcript.AuthenticationString, read, ask.Body, from, now);
            if (role is { } invited)
            {
                Admit(request, invited, read.Institution, withoutOthers: false);
            }

            _requests.Add(request.Id, request);
            Keep();
            Change();
            return AnswerOf(request);
        }
    }

    /// <summary>Step 3: where a request stands.</summary>
    /// <exception cref="JoinRefusedException">There is no such request.</exception>
    public JoinAnswer StateOf(string id)
    {
        lock (_gate)
        {
            Forget(time.GetUtcNow());
            return AnswerOf(Find(id));
        }
    }

    /// <summary>All requests that wait or were decided lately, the oldest first.</summary>
    public IReadOnlyList<JoinRequestView> Requests()
    {
        lock (_gate)
        {
            Forget(time.GetUtcNow());
            return [.. _requests.Values.OrderBy(r => r.At).Select(ViewOf)];
        }
    }

    /// <summary>Lets a node in.</summary>
    /// <param name="id">Identity of the request, or its authentication string.</param>
    /// <param name="role">Null for the role that it asked for.</param>
    /// <param name="institution">Null for the one that it said.</param>
    /// <param name="withoutOthers">See <see cref="NetworkOffice.Admit"/>.</param>
    /// <exception cref="JoinRefusedException">It cannot be let in.</exception>
    public RosterMember Approve(string id, NodeRole? role, string? institution, bool withoutOthers)
    {
        if (institution is not null && !MemberName.IsTitleOrEmpty(institution))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, $"An institution has at most {MemberName.TitleLengthLimit} printable characters.");
        }

        lock (_gate)
        {
            var request = FindPending(id);
            var member = Admit(request, role ?? request.Asked.Role, institution ?? request.Asked.Institution, withoutOthers);
            Keep();
            Change();
            return member;
        }
    }

    /// <summary>Turns a node away.</summary>
    /// <exception cref="JoinRefusedException">There is no such request that waits.</exception>
    public JoinRequestView Deny(string id, string reason)
    {
        if (reason.Length > DenyList.ReasonLengthLimit)
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, $"A reason has at most {DenyList.ReasonLengthLimit} characters.");
        }

        lock (_gate)
        {
            var request = FindPending(id);
            request.State = JoinState.Denied;
            request.Reason = reason;
            Keep();
            Change();
            return ViewOf(request);
        }
    }

    /// <summary>Makes an invitation, a secret with which one node is let in without being looked at.</summary>
    /// <exception cref="JoinRefusedException">There are too many, or this node holds no authority.</exception>
    public string Invite(NodeRole role)
    {
        var fingerprint = Certificates.Fingerprint(office.Root);
        lock (_gate)
        {
            var now = time.GetUtcNow();
            Forget(now);
            if (_invitations.Count >= MembershipLimits.Invitations)
            {
                throw new JoinRefusedException(JoinRefusal.TooMany, "Too many invitations are not used yet.");
            }

            var invitation = Invitation.Create(fingerprint);
            _invitations.Add((invitation, role, now + Invitation.Life));
            return invitation.ToText();
        }
    }

    /// <summary>A task that ends when the requests are others. Asked for before looking, nothing is missed.</summary>
    public Task NextChangeAsync()
    {
        lock (_gate)
        {
            return _changed.Task;
        }
    }

    private static JoinRequestView ViewOf(Request r) => new(
        r.Id, r.AuthenticationString, r.Asked.Name, r.Asked.Role, r.Asked.Institution, r.Asked.Endpoints, r.Asked.Version, r.From.ToString(), r.At, r.State);

    private static JoinRequest Read(byte[] body, DateTimeOffset now)
    {
        JoinRequest read;
        try
        {
            read = JoinRequest.Read(body);
        }
        catch (NetworkDocumentException e)
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, e.Message, e);
        }

        return (read.Time - now).Duration() <= MembershipLimits.ClockDifference
            ? read
            : throw new JoinRefusedException(
                JoinRefusal.Conflict, $"The clocks differ too much: the node's says {read.Time.UtcDateTime:u}, the centre's {now.UtcDateTime:u}. Set them by NTP.");
    }

    /// <summary>Who asks again takes the place of its own request; beyond the limits nobody is heard.</summary>
    private void MakeRoom(JoinRequest read, IPAddress from)
    {
        var keyHash = Certificates.KeyHash(read.Key);
        if (membership.Standing!.Roster.Members.Any(m => m.Revoked is null && m.Key != keyHash && m.Name.Equals(read.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, $"There is a member {read.Name} already.");
        }

        foreach (var own in _requests.Values.Where(r => r.State == JoinState.Pending && Certificates.KeyHash(r.Asked.Key) == keyHash).ToArray())
        {
            _requests.Remove(own.Id);
        }

        if (_requests.Values.Count(r => r.State == JoinState.Pending && r.From.Equals(from)) >= MembershipLimits.RequestsOfAddress)
        {
            throw new JoinRefusedException(JoinRefusal.TooMany, "Too many requests of this address wait for the administrator.");
        }

        if (_requests.Count >= MembershipLimits.Requests)
        {
            var decided = _requests.Values.Where(r => r.State != JoinState.Pending).MinBy(r => r.At)
                ?? throw new JoinRefusedException(JoinRefusal.TooMany, "Too many requests wait for the administrator.");
            _requests.Remove(decided.Id);
        }
    }

    private NodeRole UseInvitation(JoinTranscript transcript, byte[] proof)
    {
        var index = _invitations.FindIndex(i => transcript.IsProof(proof, i.Invitation));
        if (index < 0)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "The invitation is not valid, or no longer.");
        }

        var role = _invitations[index].Role;
        _invitations.RemoveAt(index);
        return role;
    }

    private RosterMember Admit(Request request, NodeRole role, string institution, bool withoutOthers)
    {
        var (member, certificate) = office.Admit(request.Asked, role, institution, withoutOthers);
        request.Certificate = certificate;
        request.State = JoinState.Approved;
        return member;
    }

    private JoinAnswer AnswerOf(Request request)
    {
        var answer = new JoinAnswer { Request = request.Id, State = request.State, Reason = request.Reason };
        if (request.Certificate is not { } certificate)
        {
            return answer;
        }

        // The node trusts the root whose fingerprint it saw, and what that root signed; older bundles say nothing to it.
        var standing = membership.Standing!;
        var fingerprint = Certificates.Fingerprint(office.Root);
        return answer with
        {
            Certificate = certificate.RawData,
            Issuer = office.Issuer.RawData,
            Bundles = [.. standing.Bundles.SkipWhile(b => Certificates.Fingerprint(b.Signer) != fingerprint).Select(b => b.Bytes.ToArray())],
            Roster = standing.SignedRoster.Bytes.ToArray(),
            Denied = standing.SignedDenied.Bytes.ToArray(),
        };
    }

    private Request Find(string id) => _requests.GetValueOrDefault(id)
        ?? throw new JoinRefusedException(JoinRefusal.Unknown, "There is no such request, or no longer; ask again.");

    private Request FindPending(string id)
    {
        Forget(time.GetUtcNow());
        var request = _requests.GetValueOrDefault(id)
            ?? (_requests.Values.Where(r => r.State == JoinState.Pending && r.AuthenticationString.Equals(id, StringComparison.OrdinalIgnoreCase)).ToArray() is [var only] ? only : null);
        return request is { State: JoinState.Pending }
            ? request
            : throw new JoinRefusedException(JoinRefusal.Unknown, "There is no such request that waits.");
    }

    /// <summary>Puts the requests on disk. A crash between a roster and its request leaves a request that waits; approving it again gives the same member.</summary>
    private void Keep()
    {
        try
        {
            folder.SaveRequests(KeptRequests.Write(
            [
                .. _requests.Values.Select(r => new KeptRequest(
                    r.Id, r.AuthenticationString, r.Body, r.From.ToString(), r.At, r.State, r.Reason, r.Certificate?.RawData)),
            ]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The desk goes on from memory: what is lost by that is a request after a restart.
            Log.RequestsNotKept(logger, e.Message);
        }
    }

    /// <summary>Takes up what was kept, at the first look after the node became a member or started.</summary>
    private void TakeUp()
    {
        if (_isRead || membership.Standing is null)
        {
            return;
        }

        _isRead = true;
        try
        {
            foreach (var (kept, asked, from) in folder.ReadRequests() is { } bytes ? KeptRequests.Read(bytes) : [])
            {
                _requests[kept.Id] = new Request(kept.Id, kept.AuthenticationString, asked, kept.Body, from, kept.At)
                {
                    State = kept.State,
                    Reason = kept.Reason,
                    Certificate = kept.Certificate is { } certificate ? Certificates.Read(certificate) : null,
                };
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkDocumentException)
        {
            Log.RequestsNotRead(logger, e.Message);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        TakeUp();
        foreach (var (id, _) in _sessions.Where(s => now - s.Value.At > MembershipLimits.SessionLife).ToArray())
        {
            _sessions.Remove(id);
        }

        foreach (var (address, _) in _hellos.Where(h => now - h.Value.Since > MembershipLimits.HelloInterval).ToArray())
        {
            _hellos.Remove(address);
        }

        _invitations.RemoveAll(i => i.Until < now);
        foreach (var request in _requests.Values.Where(r => now - r.At > MembershipLimits.RequestLife).ToArray())
        {
            if (request.State == JoinState.Pending)
            {
                request.State = JoinState.Expired;
            }
            else if (now - request.At > 2 * MembershipLimits.RequestLife)
            {
                _requests.Remove(request.Id);
            }
        }
    }

    private void Change()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private sealed record Session(byte[] Commitment, byte[] Nonce, X509Certificate2 Root, Guid Network, DateTimeOffset At);

    private sealed class Request(string id, string authenticationString, JoinRequest asked, byte[] body, IPAddress from, DateTimeOffset at)
    {
        public string Id { get; } = id;

        public string AuthenticationString { get; } = authenticationString;

        public JoinRequest Asked { get; } = asked;

        public byte[] Body { get; } = body;

        public IPAddress From { get; } = from;

        public DateTimeOffset At { get; } = at;

        public JoinState State { get; set; } = JoinState.Pending;

        public string Reason { get; set; } = "";

        public X509Certificate2? Certificate { get; set; }
    }
}

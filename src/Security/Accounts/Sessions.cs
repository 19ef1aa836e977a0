namespace Panal.Security.Accounts;

/// <summary>How long sessions live.</summary>
public sealed record SessionLimits
{
    /// <summary>A session that was not used for this long has ended.</summary>
    public TimeSpan IdleLife { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A session ends after this long, used or not: a working day.</summary>
    public TimeSpan AbsoluteLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Sessions of one account; the oldest ends when there is one more.</summary>
    public int LimitPerAccount { get; init; } = 32;

    /// <summary>Sessions of all; the oldest ends when there is one more.</summary>
    public int Limit { get; init; } = 10_000;
}

/// <summary>What a browser gets after a log-in.</summary>
/// <param name="Secret">The value of the cookie.</param>
/// <param name="CsrfToken">What requests that change something must show besides the cookie.</param>
/// <param name="EndsAt">When it ends at the latest.</param>
public sealed record StartedSession(string Secret, string CsrfToken, DateTimeOffset EndsAt);

/// <summary>A session that is used.</summary>
/// <param name="Caller">Who it is now, with the rights that it has now.</param>
/// <param name="CsrfToken">What requests that change something must show besides the cookie.</param>
/// <param name="EndsAt">When it ends at the latest.</param>
/// <param name="IdToken">What the identity provider gave for the person, which its log-out wants; empty without one.</param>
public sealed record UsedSession(Caller Caller, string CsrfToken, DateTimeOffset EndsAt, string IdToken)
{
    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}

/// <summary>The sessions of browsers, in memory; a stop in order keeps them for the next start (docs/formats/log-in.md).</summary>
/// <remarks>
/// A session names its account and keeps no rights: what it may do is asked at each use, so that a change of role, a disabled account or
/// a new password counts at once. Secrets are made at the log-in and never taken from the browser (no fixation).
/// </remarks>
/// <param name="folder">The data folder, where they are kept from a stop to the next start.</param>
/// <param name="accounts">Who there is.</param>
/// <param name="options">How long they live.</param>
/// <param name="time">The clock.</param>
public sealed class Sessions(string folder, AccountRegistry accounts, SessionLimits options, TimeProvider time)
{
    private readonly string _path = Path.Combine(folder, LogInFiles.SessionsName);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Session> _sessions = [];

    /// <summary>Starts a session of an account.</summary>
    /// <param name="account">Whose it is.</param>
    /// <param name="idToken">What the identity provider gave for the person; empty without one.</param>
    public StartedSession Start(Account account, string idToken = "") => Start(new Owner(account.Name, Accounts.Secret.Digest(account.Password), null, idToken), time.GetUtcNow() + options.AbsoluteLife);

    /// <summary>Starts a session that sees one shared study.</summary>
    public StartedSession Start(SharedStudy share)
    {
        var end = time.GetUtcNow() + options.AbsoluteLife;
        return Start(new Owner(LinkName(share), "", share.Id, ""), end < share.ExpiresAt ? end : share.ExpiresAt);
    }

    /// <summary>The session of this secret, or null when there is none or it has ended; using it puts its idle end off.</summary>
    public UsedSession? Use(string secret)
    {
        var key = Accounts.Secret.Digest(secret);
        Session? session;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!_sessions.TryGetValue(key, out session) || !session.IsAlive(now, options.IdleLife))
            {
                _sessions.Remove(key);
                return null;
            }

            session.UsedAt = now;
        }

        return CallerOf(session) is { } caller ? new UsedSession(caller, session.CsrfToken, session.EndsAt, session.Owner.IdToken) : null;
    }

    /// <summary>Ends a session.</summary>
    public void End(string secret)
    {
        lock (_gate)
        {
            _sessions.Remove(Accounts.Secret.Digest(secret));
        }
    }

    /// <summary>Takes back what <see cref="Keep"/> has kept, once.</summary>
    public void Restore()
    {
        var kept = LogInFiles.Read<KeptSession>(_path, static _ => true);
        File.Delete(_path);
        lock (_gate)
        {
            var now = time.GetUtcNow();
            foreach (var one in kept.Take(options.Limit))
            {
                var session = new Session(new Owner(one.Name, one.Password, one.ShareId, ""), one.CsrfToken, one.UsedAt, one.EndsAt);
                if (session.IsAlive(now, options.IdleLife) && one.UsedAt <= now && one.EndsAt <= now + options.AbsoluteLife)
                {
                    _sessions[one.Digest] = session;
                }
            }
        }
    }

    /// <summary>Keeps the sessions for the next start, but for those of an identity provider, whose tokens are not written to disk.</summary>
    /// <returns>Whether they are kept; else people log in again.</returns>
    public bool Keep()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            return LogInFiles.TryWrite(_path, [
                .. _sessions.Where(s => s.Value.IsAlive(now, options.IdleLife) && s.Value.Owner.IdToken.Length == 0).Select(static s => new KeptSession
                {
                    Digest = s.Key,
                    Name = s.Value.Owner.Name,
                    Password = s.Value.Owner.Password,
                    ShareId = s.Value.Owner.ShareId,
                    CsrfToken = s.Value.CsrfToken,
                    UsedAt = s.Value.UsedAt,
                    EndsAt = s.Value.EndsAt,
                }),
            ]);
        }
    }

    private Caller? CallerOf(Session session)
    {
        var owner = session.Owner;
        if (owner.ShareId is { } id)
        {
            return accounts.FindShare(id) is { TriesLeft: > 0 } share
                ? new Caller(
                    owner.Name,
                    CallerKind.Link,
                    AccountRights.Search | AccountRights.View,
                    new StudyFilter(false, "", new HashSet<string> { share.StudyInstanceUid }))
                : null;
        }

        return accounts.Find(owner.Name) is { IsDisabled: false } account && Accounts.Secret.Digest(account.Password) == owner.Password
            ? accounts.CallerOf(account, CallerKind.Session)
            : null;
    }

    private StartedSession Start(Owner owner, DateTimeOffset end)
    {
        var started = new StartedSession(Accounts.Secret.Create(), Accounts.Secret.Create(), end);
        var now = time.GetUtcNow();
        lock (_gate)
        {
            foreach (var (key, _) in _sessions.Where(s => !s.Value.IsAlive(now, options.IdleLife)).ToArray())
            {
                _sessions.Remove(key);
            }

            MakeRoom(_sessions.Where(s => s.Value.Owner.Name == owner.Name), options.LimitPerAccount);
            MakeRoom(_sessions, options.Limit);
            _sessions.Add(Accounts.Secret.Digest(started.Secret), new Session(owner, started.CsrfToken, now, end));
        }

        return started;
    }

    private void MakeRoom(IEnumerable<KeyValuePair<string, Session>> sessions, int limit)
    {
        foreach (var (key, _) in sessions.OrderByDescending(s => s.Value.UsedAt).Skip(limit - 1).ToArray())
        {
            _sessions.Remove(key);
        }
    }

    private static string LinkName(SharedStudy share) => "link:" + share.Id;

    /// <summary>Whose a session is.</summary>
    /// <param name="Name">Name of the account, or of the link.</param>
    /// <param name="Password">Digest of the hash at the log-in: when it is another now, the session has ended.</param>
    /// <param name="ShareId">The shared study, for a link.</param>
    /// <param name="IdToken">What the identity provider gave.</param>
    private sealed record Owner(string Name, string Password, string? ShareId, string IdToken);

    private sealed class Session(Owner owner, string csrfToken, DateTimeOffset usedAt, DateTimeOffset endsAt)
    {
        public Owner Owner { get; } = owner;

        public string CsrfToken { get; } = csrfToken;

        public DateTimeOffset EndsAt { get; } = endsAt;

        public DateTimeOffset UsedAt { get; set; } = usedAt;

        public bool IsAlive(DateTimeOffset now, TimeSpan idleLife) => now < EndsAt && now - UsedAt < idleLife;
    }
}

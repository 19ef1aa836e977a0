using System.Net;
using Panal.Security.Audit;

namespace Panal.Security.Accounts;

/// <summary>How a log-in ended.</summary>
public enum LogInRefusal
{
    /// <summary>The person is in.</summary>
    None,

    /// <summary>Name, password or one-time password are wrong; which of them is not told.</summary>
    Wrong,

    /// <summary>The password is right and the one-time password is missing.</summary>
    CodeNeeded,

    /// <summary>There were too many wrong ones; later again.</summary>
    ShutOut,

    /// <summary>Too many log-ins wait at one time.</summary>
    Busy,
}

/// <summary>How a log-in ended, and for whom.</summary>
/// <param name="Refusal">None when the person is in.</param>
/// <param name="Account">The account of a person who is in.</param>
/// <param name="RetryAfter">When to try again, for somebody shut out.</param>
public sealed record LogInOutcome(LogInRefusal Refusal, Account? Account, TimeSpan RetryAfter);

/// <summary>Decides who is let in with a password, and who with a link; everything it decides is in the audit trail.</summary>
/// <param name="folder">The data folder, where it is kept who is shut out and which codes were used.</param>
/// <param name="accounts">Who there is.</param>
/// <param name="audit">Where it is written.</param>
/// <param name="device">Name of this node.</param>
/// <param name="time">The clock.</param>
public sealed class LogIn(string folder, AccountRegistry accounts, AuditTrail audit, string device, TimeProvider time) : IDisposable
{
    /// <summary>Log-ins that wait for their turn; a hash takes some tenths of a second of one processor.</summary>
    public const int WaitingLimit = 16;

    private readonly LockOut _lockOut = new(folder, time);
    private readonly UsedCodes _usedCodes = new(folder);
    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    /// <summary>Checks a name and a password, and the one-time password of an account that has a second factor.</summary>
    public async Task<LogInOutcome> EnterAsync(string name, string password, string code, IPAddress? address, CancellationToken cancellationToken)
    {
        var normal = Account.NormalName(name);
        // What was typed may be a password in the wrong field: only what could be a name goes into the trail.
        var person = new AuditPerson(Account.IsValidName(normal) ? normal : "", address);
        var outcome = await InTurnAsync(
            () => DecideAsync(normal, password, code, person, cancellationToken), new LogInOutcome(LogInRefusal.Busy, null, TimeSpan.FromSeconds(2)), cancellationToken)
            .ConfigureAwait(false);
        if (outcome.Refusal is not LogInRefusal.CodeNeeded)
        {
            var result = outcome.Refusal == LogInRefusal.None ? AuditOutcome.Success : AuditOutcome.MinorFailure;
            await audit.RecordAsync(AuditEvents.UserAuthentication(device, person, isLogin: true, result), cancellationToken).ConfigureAwait(false);
        }

        return outcome;
    }

    /// <summary>Checks a link to one study and its code.</summary>
    /// <returns>The share, and whether a code is missing; null when the link opens nothing.</returns>
    public async Task<(SharedStudy? Share, bool IsCodeNeeded)> OpenLinkAsync(string link, string code, IPAddress? address, CancellationToken cancellationToken)
    {
        var share = accounts.FindLink(link);
        if (share is { Code.Length: > 0 } && code.Length == 0)
        {
            return (null, true);
        }

        if (share is { Code.Length: > 0 })
        {
            var known = share;
            share = await InTurnAsync(() => CheckCodeAsync(known.Id, code, cancellationToken), null, cancellationToken).ConfigureAwait(false);
        }

        var person = new AuditPerson(share is null ? "" : "link:" + share.Id, address);
        var message = share is null
            ? AuditEvents.SecurityAlert(device, person, SecurityAlertType.RestrictedFunction, "", "A link that opens nothing, or its code, was wrong.", AuditOutcome.MinorFailure)
            : AuditEvents.UserAuthentication(device, person, isLogin: true, AuditOutcome.Success);
        await audit.RecordAsync(message, cancellationToken).ConfigureAwait(false);
        return (share, false);
    }

    /// <summary>Checks the one-time password of a key that is not in force yet.</summary>
    public bool IsCode(string key, string code) => OneTimePassword.TryVerify(key, code, time.GetUtcNow(), 0, out _);

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private async Task<SharedStudy?> CheckCodeAsync(string id, string code, CancellationToken cancellationToken)
    {
        if (await accounts.TakeTryAsync(id, cancellationToken).ConfigureAwait(false) is not { } share || !PasswordHash.Verify(code, share.Code))
        {
            return null;
        }

        await accounts.ReturnTriesAsync(id, cancellationToken).ConfigureAwait(false);
        return accounts.FindShare(id);
    }

    private async Task<LogInOutcome> DecideAsync(string name, string password, string code, AuditPerson person, CancellationToken cancellationToken)
    {
        if (_lockOut.Remaining(name) is var remaining && remaining > TimeSpan.Zero)
        {
            return new LogInOutcome(LogInRefusal.ShutOut, null, remaining);
        }

        var account = accounts.Find(name);
        var isRight = PasswordHash.Verify(password, account?.Password ?? "") && account is { IsDisabled: false };
        if (isRight && account!.TotpKey.Length > 0 && code.Length == 0)
        {
            return new LogInOutcome(LogInRefusal.CodeNeeded, null, TimeSpan.Zero);
        }

        if (!isRight || !TakesCode(account!, code))
        {
            if (_lockOut.Fail(name))
            {
                await audit.RecordAsync(
                    AuditEvents.SecurityAlert(
                        device, person, SecurityAlertType.RestrictedFunction, person.Name, "Shut out for a while after wrong passwords.", AuditOutcome.MajorFailure),
                    cancellationToken).ConfigureAwait(false);
            }

            return new LogInOutcome(LogInRefusal.Wrong, null, TimeSpan.Zero);
        }

        _lockOut.Succeed(name);
        if (PasswordHash.IsWeak(account!.Password))
        {
            var stronger = PasswordHash.Create(password);
            account = await accounts.ChangeAsync(name, a => a with { Password = stronger }, cancellationToken).ConfigureAwait(false);
        }

        return new LogInOutcome(LogInRefusal.None, account, TimeSpan.Zero);
    }

    private bool TakesCode(Account account, string code) =>
        account.TotpKey.Length == 0 || _usedCodes.TryTake(account.Name, account.TotpKey, code, time.GetUtcNow());

    /// <summary>Hashing is dear on purpose: a few at a time on threads of their own, so that strangers cannot stop the archive with it.</summary>
    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, T busy, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingLimit)
        {
            Interlocked.Decrement(ref _waiting);
            return busy;
        }

        try
        {
            await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await Task.Run(work, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _turns.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}

using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Federation.Membership;

/// <summary>What a node wants to be.</summary>
public sealed record JoinWish
{
    /// <summary>The name that it wants.</summary>
    public required string Name { get; init; }

    /// <summary>Version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>Where links reach it.</summary>
    public required IReadOnlyList<string> Endpoints { get; init; }

    /// <summary>The institution that it belongs to; may be empty.</summary>
    public required string Institution { get; init; }

    /// <summary>The role that it asks for.</summary>
    public required NodeRole Role { get; init; }

    /// <summary>Fingerprint of the authority if it was told, 64 hexadecimal digits.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>An invitation, if it has one.</summary>
    public Invitation? Invitation { get; init; }
}

/// <summary>A request that was made.</summary>
/// <param name="Request">Its identity.</param>
/// <param name="AuthenticationString">To be compared by people.</param>
/// <param name="Network">UUID of the network.</param>
/// <param name="NetworkName">What the centre says that it is called.</param>
/// <param name="Fingerprint">Fingerprint of the authority, which the string vouches for.</param>
public sealed record JoinAttempt(string Request, string AuthenticationString, Guid Network, string NetworkName, string Fingerprint);

/// <summary>The node's side of docs/formats/join.md. It trusts nothing of the channel, so any HTTP client will do.</summary>
public sealed class Joiner(HttpClient http, NetworkFolder folder, TimeProvider time)
{
    /// <summary>Longest answer: roster, deny list and bundles in base64.</summary>
    private const long AnswerLimitBytes = 12 * 1024 * 1024;

    /// <summary>Makes the key if there is none, and asks.</summary>
    /// <exception cref="JoinRefusedException">The centre refuses, its clock is another, or it is not the one that was named.</exception>
    /// <exception cref="IOException">The centre cannot be reached, or does not answer as one.</exception>
    public async Task<JoinAttempt> AskAsync(JoinWish wish, CancellationToken ct)
    {
        if (folder.IsComplete)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "This node is a member of a network already.");
        }

        using var key = folder.OpenKey();
        var nonce = RandomNumberGenerator.GetBytes(JoinTranscript.NonceBytes);
        var body = JoinRequest.Write(wish.Name, wish.Version, key, wish.Endpoints, wish.Institution, wish.Role, time.GetUtcNow());
        _ = JoinRequest.Read(body);
        var hello = new JoinHello(JoinTranscript.Commit(nonce, body));
        var welcome = await PostAsync("join/1/hello", hello, JoinMessageJson.Default.JoinHello, JoinMessageJson.Default.JoinWelcome, ct).ConfigureAwait(false);
        using var root = Certificates.Read(welcome.Root);
        var fingerprint = Certificates.Fingerprint(root);
        Check(wish, welcome, fingerprint);
        var transcript = new JoinTranscript(welcome.Network, root, nonce, welcome.Nonce, body);
        var ask = new JoinAsk(welcome.Session, nonce, body, wish.Invitation is { } invitation ? transcript.Prove(invitation) : null);
        var answer = await PostAsync("join/1/request", ask, JoinMessageJson.Default.JoinAsk, JoinMessageJson.Default.JoinAnswer, ct).ConfigureAwait(false);
        return new JoinAttempt(answer.Request, transcript.AuthenticationString, welcome.Network, welcome.Name, fingerprint);
    }

    /// <summary>Asks how a request stands.</summary>
    public async Task<JoinAnswer> LookAsync(JoinAttempt attempt, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "join/1/request/" + Uri.EscapeDataString(attempt.Request));
        return await SendAsync(request, JoinMessageJson.Default.JoinAnswer, ct).ConfigureAwait(false);
    }

    /// <summary>Proves that what came back is the named authority's and this node's, and keeps it: the node is a member then.</summary>
    /// <exception cref="NetworkDocumentException">It is not.</exception>
    public NodeIdentity Accept(JoinAttempt attempt, JoinAnswer answer)
    {
        if (answer is not { State: JoinState.Approved, Certificate: { } der, Issuer: { } issuerDer, Roster: { } rosterBytes, Denied: { } deniedBytes, Bundles.Count: > 0 })
        {
            throw new NetworkDocumentException("The answer of the centre is not complete.");
        }

        List<SignedDocument> bundles = [SignedDocument.Read(answer.Bundles[0])];
        var bundle = TrustBundle.ReadFirst(bundles[0], attempt.Fingerprint);
        foreach (var bytes in answer.Bundles.Skip(1))
        {
            var document = SignedDocument.Read(bytes);
            bundle = bundle.ReadNext(document) ?? throw new NetworkDocumentException("The trust bundles are not in order.");
            bundles.Add(document);
        }

        var certificate = Certificates.Read(der);
        var issuer = Certificates.Read(issuerDer);
        var identity = bundle.Identify(certificate, [issuer], time.GetUtcNow(), out var refusal) ?? throw new NetworkDocumentException(refusal ?? "It names no node.");
        using var key = folder.OpenKey();
        if (identity.Network != attempt.Network || Certificates.KeyHash(certificate.PublicKey) != Certificates.KeyHash(new PublicKey(key)))
        {
            throw new NetworkDocumentException("The certificate is not this node's.");
        }

        var roster = SignedDocument.Read(rosterBytes);
        var denied = SignedDocument.Read(deniedBytes);
        _ = bundle.ReadRoster(roster);
        _ = bundle.ReadDenyList(denied);
        folder.Save(bundles);
        folder.Save(roster);
        folder.Save(denied);
        folder.Save(certificate, issuer);
        return identity;
    }

    private void Check(JoinWish wish, JoinWelcome welcome, string fingerprint)
    {
        if (welcome.Nonce.Length != JoinTranscript.NonceBytes || !MemberName.IsTitle(welcome.Name))
        {
            throw new IOException("The centre does not answer as described.");
        }

        if ((wish.Invitation?.Fingerprint ?? wish.Fingerprint) is { } named && named != fingerprint)
        {
            throw new JoinRefusedException(
                JoinRefusal.Conflict, $"The authority there has the fingerprint {fingerprint}, not the one that was named. Somebody may stand in between.");
        }

        var now = time.GetUtcNow();
        if ((welcome.Time - now).Duration() > MembershipLimits.ClockDifference)
        {
            throw new JoinRefusedException(
                JoinRefusal.Conflict, $"The clocks differ too much: ours says {now.UtcDateTime:u}, the centre's {welcome.Time.UtcDateTime:u}. Set them by NTP.");
        }
    }

    private async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken ct)
        where TAnswer : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, bodyType) };
        return await SendAsync(request, answerType, ct).ConfigureAwait(false);
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(AnswerLimitBytes, ct).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return await response.Content.ReadFromJsonAsync(type, ct).ConfigureAwait(false) ?? throw new IOException("The centre answers nothing.");
            }

            var problem = response.Content.Headers.ContentType?.MediaType == "application/json"
                ? await response.Content.ReadFromJsonAsync(JoinMessageJson.Default.JoinProblem, ct).ConfigureAwait(false)
                : null;
            var refusal = (int)response.StatusCode switch
            {
                400 => JoinRefusal.Malformed,
                404 => JoinRefusal.Unknown,
                429 => JoinRefusal.TooMany,
                503 => JoinRefusal.NoAuthority,
                _ => JoinRefusal.Conflict,
            };
            throw new JoinRefusedException(refusal, problem?.Reason ?? $"There is no centre of a network at {http.BaseAddress} (HTTP {(int)response.StatusCode}).");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or NotSupportedException)
        {
            throw new IOException($"The centre at {http.BaseAddress} cannot be reached: {e.Message}", e);
        }
    }
}

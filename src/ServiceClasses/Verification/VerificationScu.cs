using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Peers;

namespace Panal.ServiceClasses.Verification;

/// <summary>Asks another application entity whether it is there. PS3.4 §A.4.</summary>
public sealed class VerificationScu(PeerDialer dialer, TimeProvider time)
{
    /// <summary>Sends C-ECHO and returns the peer's status and how long each answer took.</summary>
    /// <param name="peer">Whom to ask.</param>
    /// <param name="callingAeTitle">Our AE title.</param>
    /// <param name="count">How often, at least once.</param>
    /// <param name="ct">Breaks off.</param>
    public async Task<IReadOnlyList<(ushort Status, TimeSpan Elapsed)>> EchoAsync(PeerAddress peer, string callingAeTitle, int count, CancellationToken ct)
    {
        await using var opened = await dialer.OpenAsync(
            peer, new AssociationParameters(callingAeTitle, peer.AeTitle, Proposals.ForData(Uids.Verification)), null, ct);
        var context = opened.Context(Uids.Verification);
        var answers = new List<(ushort, TimeSpan)>(count);
        for (var i = 0; i < count; i++)
        {
            var since = time.GetTimestamp();
            var response = await opened.Association.RequestAsync(DimseCommand.Echo(context), ct);
            answers.Add((response.Status, time.GetElapsedTime(since)));
        }

        return answers;
    }
}

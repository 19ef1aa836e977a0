using Panal.Dimse;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.Dimse.Negotiation;

public sealed class AeTitleTests
{
    [Theory]
    [InlineData("PANAL", "PANAL", true)]
    [InlineData("A B", "A B", true)]
    [InlineData("", "", false)]
    [InlineData("   ", "   ", false)]
    [InlineData("A\\B", "A?B", false)]
    [InlineData("A\r\nfake", "A??fake", false)]
    [InlineData("\u001b[31mRED", "?[31mRED", false)]
    [InlineData("ÄÖ", "??", false)]
    [InlineData("12345678901234567", "1234567890123456", false)]
    public void A_title_is_printed_without_hostile_characters(string title, string safe, bool isValid)
    {
        Assert.Equal(safe, AeTitle.Sanitise(title));
        Assert.Equal(isValid, AeTitle.IsValid(title));
    }

    [Fact]
    public async Task A_hostile_title_reaches_the_log_sanitised_only()
    {
        var log = new LogLines();
        var request = Peers.AssociateRequest(AssociationPair.UsualContexts);
        "X\r\nINJECTED\u001b"u8.CopyTo(request.AsSpan(26));
        await using (var peer = ScriptedPeer.Call(Service.Success, new AssociationOptions(), log))
        {
            await peer.SendAsync(request);
            await peer.ReadAsync();
        }

        Assert.Contains(log.Text, line => line.Contains("X??INJECTED?", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Text, line => line.Any(char.IsControl));
    }
}

using System.Text;
using Panal.Security.Accounts;

namespace Panal.Unit.Security.Accounts;

public sealed class PasswordHashTests
{
    // RFC 7914 §11, the second vector of PBKDF2-HMAC-SHA-256: P "Password", S "NaCl", c 80000; the first 32 of its 64 bytes.
    [Fact]
    public void The_vector_of_RFC_7914_is_met_by_the_platform()
    {
        var hash = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2(
            "Password", "NaCl"u8, 80_000, System.Security.Cryptography.HashAlgorithmName.SHA256, 32);
        Assert.Equal("4DDCD8F60B98BE21830CEE5EF22701F9641A4418D04C0414AEFF08876B34AB56", Convert.ToHexString(hash));
    }

    // Computed with Python: hashlib.pbkdf2_hmac('sha256', 'contraseña-larga'.encode(), bytes(range(16)), 100000).
    [Fact]
    public void A_hash_that_another_program_made_is_understood()
    {
        const string hash = "pbkdf2-sha256$100000$AAECAwQFBgcICQoLDA0ODw==$0cQAs58JM2bS0W2ZENw/Vo70vhaRUcMS0IeSmbRu7jc=";
        Assert.True(PasswordHash.Verify("contraseña-larga", hash));
        Assert.False(PasswordHash.Verify("contrasena-larga", hash));
        Assert.True(PasswordHash.IsWeak(hash));
    }

    [Fact]
    public void A_new_hash_has_its_own_salt_and_as_many_rounds_as_the_page_says()
    {
        var (one, two) = (PasswordHash.Create("correct horse battery"), PasswordHash.Create("correct horse battery"));
        Assert.NotEqual(one, two);
        Assert.StartsWith("pbkdf2-sha256$600000$", one, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify("correct horse battery", one) && PasswordHash.Verify("correct horse battery", two));
        Assert.False(PasswordHash.Verify("correct horse batterY", one));
        Assert.False(PasswordHash.IsWeak(one));
    }

    [Fact]
    public void No_password_opens_an_account_without_one()
    {
        Assert.False(PasswordHash.Verify("", ""));
        Assert.False(PasswordHash.Verify("whatever it is", ""));
    }

    [Fact]
    public void A_password_longer_than_the_limit_is_wrong_even_when_the_empty_one_would_be_right()
    {
        var hash = PasswordHash.Create("", new byte[16], 100_000);
        Assert.False(PasswordHash.Verify(new string('x', PasswordHash.LongestLength + 1), hash));
    }

    [Fact]
    public void Text_that_is_cut_or_changed_anywhere_is_no_hash_or_another_one()
    {
        var hash = PasswordHash.Create("correct horse battery", new byte[16], 100_000);
        for (var length = 0; length < hash.Length; length++)
        {
            // The last character of Base64 with padding is needed too.
            Assert.False(PasswordHash.IsValid(hash[..length]), hash[..length]);
        }

        for (var at = 0; at < hash.Length; at++)
        {
            var changed = new StringBuilder(hash) { [at] = '~' }.ToString();
            Assert.False(PasswordHash.IsValid(changed), changed);
        }
    }

    [Theory]
    [InlineData("pbkdf2-sha256$99999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("pbkdf2-sha256$100000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true)]
    [InlineData("pbkdf2-sha256$10000000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true)]
    [InlineData("pbkdf2-sha256$10000001$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("pbkdf2-sha256$-1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("pbkdf2-sha1$600000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("pbkdf2-sha256$600000$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    public void Parameters_outside_their_limits_are_refused(string hash, bool isValid) => Assert.Equal(isValid, PasswordHash.IsValid(hash));

    [Theory]
    [InlineData("elevenchars", false)]
    [InlineData("twelve-chars", true)]
    [InlineData("aaaabbbbccccdddd", false)]
    [InlineData("ana.ruiz and more", false)]
    public void A_weak_password_is_not_taken(string password, bool isTaken) => Assert.Equal(isTaken, PasswordHash.Objection(password, "ana.ruiz") is null);
}

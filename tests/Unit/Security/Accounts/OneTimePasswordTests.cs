using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Panal.Security.Accounts;

namespace Panal.Unit.Security.Accounts;

public sealed class OneTimePasswordTests
{
    private const string Key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    // RFC 6238 Appendix B: time, mode, code; the keys are the digits 1 to 0 over again, as long as the hash.
    [Theory]
    [InlineData(59, "SHA1", "94287082")]
    [InlineData(59, "SHA256", "46119246")]
    [InlineData(59, "SHA512", "90693936")]
    [InlineData(1111111109, "SHA1", "07081804")]
    [InlineData(1111111109, "SHA256", "68084774")]
    [InlineData(1111111109, "SHA512", "25091201")]
    [InlineData(1111111111, "SHA1", "14050471")]
    [InlineData(1111111111, "SHA256", "67062674")]
    [InlineData(1111111111, "SHA512", "99943326")]
    [InlineData(1234567890, "SHA1", "89005924")]
    [InlineData(1234567890, "SHA256", "91819424")]
    [InlineData(1234567890, "SHA512", "93441116")]
    [InlineData(2000000000, "SHA1", "69279037")]
    [InlineData(2000000000, "SHA256", "90698825")]
    [InlineData(2000000000, "SHA512", "38618901")]
    [InlineData(20000000000, "SHA1", "65353130")]
    [InlineData(20000000000, "SHA256", "77737706")]
    [InlineData(20000000000, "SHA512", "47863826")]
    public void The_vectors_of_RFC_6238_are_met(long seconds, string algorithm, string code)
    {
        var length = algorithm switch { "SHA1" => 20, "SHA256" => 32, _ => 64 };
        var key = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1234567890", 7))[..length]);
        Assert.Equal(code, OneTimePassword.Compute(new HashAlgorithmName(algorithm), key, seconds / 30, 8));
    }

    // RFC 4226 Appendix D.
    [Fact]
    public void The_vectors_of_RFC_4226_are_met()
    {
        string[] codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        Assert.Equal(codes, Enumerable.Range(0, 10).Select(i => OneTimePassword.Compute(HashAlgorithmName.SHA1, "12345678901234567890"u8, i, 6)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(-30, true)]
    [InlineData(60, false)]
    [InlineData(-60, false)]
    public void A_clock_may_be_wrong_by_one_step(int seconds, bool isTaken)
    {
        // 1111111111 is in the step that began at 1111111110; the last six digits of RFC 6238's code are the code of six digits.
        var now = DateTimeOffset.FromUnixTimeSeconds(1111111111 + seconds);
        Assert.Equal(isTaken, OneTimePassword.TryVerify(Key, "050471", now, 0, out _));
    }

    [Fact]
    public void A_code_is_taken_once()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1111111111);
        Assert.True(OneTimePassword.TryVerify(Key, "050471", now, 0, out var step));
        Assert.Equal(1111111111 / 30, step);
        Assert.False(OneTimePassword.TryVerify(Key, "050471", now.AddSeconds(5), step, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("05047")]
    [InlineData("0504711")]
    [InlineData("05047a")]
    [InlineData("٠٥٠٤٧١")]
    public void What_is_not_six_digits_is_no_code(string code) =>
        Assert.False(OneTimePassword.TryVerify(Key, code, DateTimeOffset.FromUnixTimeSeconds(1111111111), 0, out _));

    // RFC 4648 §10, without padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "my")]
    [InlineData("fo", "mzxq")]
    [InlineData("foo", "mzxw6")]
    [InlineData("foob", "mzxw6yq")]
    [InlineData("fooba", "mzxw6ytb")]
    [InlineData("foobar", "mzxw6ytboi")]
    public void The_vectors_of_RFC_4648_are_met(string text, string base32)
    {
        Assert.Equal(base32, Base32.Encode(Encoding.ASCII.GetBytes(text)));
        Assert.True(Base32.TryDecode(base32.ToUpperInvariant(), out var bytes));
        Assert.Equal(text, Encoding.ASCII.GetString(bytes));
    }

    [Theory]
    [InlineData("m1")]
    [InlineData("m=")]
    [InlineData("mé")]
    public void What_is_not_Base32_is_refused(string text) => Assert.False(Base32.TryDecode(text, out _));

    [Fact]
    public void A_new_key_is_read_by_an_authenticator()
    {
        var key = OneTimePassword.CreateKey();
        Assert.True(Base32.TryDecode(key, out var bytes));
        Assert.Equal(OneTimePassword.KeyLengthBytes, bytes.Length);
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"otpauth://totp/Panal%20A:ana%40x?secret={key}&issuer=Panal%20A"),
            OneTimePassword.KeyUri(key, "ana@x", "Panal A"));
    }
}

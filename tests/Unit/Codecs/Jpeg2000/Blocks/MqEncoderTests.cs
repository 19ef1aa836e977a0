using Panal.Codecs.Jpeg2000.Blocks;

namespace Panal.Unit.Codecs.Jpeg2000.Blocks;

public sealed class MqEncoderTests
{
    /// <summary>The test sequence of the standard that the coder comes from, T.88 §H.2; the marker behind the codeword is not ours.</summary>
    [Fact]
    public void The_test_sequence_of_T88_is_encoded_bit_for_bit()
    {
        var decisions = Convert.FromHexString("00020051000000C00352872AAAAAAAAA82C02000FCD79EF6BF7FED904F46A3BF");
        var expected = Convert.FromHexString("84C73BFCE1A1430402200000410DBB86F4317FFF88FF37471ADB6ADF");
        Span<uint> context = [MqStates.Of(0)];
        var bytes = new MqBytes(64);
        var encoder = new MqEncoder();
        foreach (var bit in Bits(decisions))
        {
            encoder.Encode(bytes, ref context[0], bit);
        }

        encoder.Flush(bytes);
        Assert.Equal(expected, bytes.Written);
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.02)]
    [InlineData(3, 0.999)]
    public void Decisions_come_back_in_every_context(int seed, double probability)
    {
        const int Decisions = 20_000;
        var random = new Random(seed);
        uint[] decisions = [.. Enumerable.Range(0, Decisions).Select(_ => random.NextDouble() < probability ? 1u : 0)];
        int[] contexts = [.. decisions.Select(_ => random.Next(BlockContexts.Count))];
        var states = new uint[BlockContexts.Count];
        BlockContexts.Reset(states);
        var bytes = new MqBytes(Decisions);
        var encoder = new MqEncoder();
        for (var i = 0; i < Decisions; i++)
        {
            encoder.Encode(bytes, ref states[contexts[i]], decisions[i]);
        }

        encoder.Flush(bytes);
        BlockContexts.Reset(states);
        var input = new MqInput();
        input.Load(bytes.Written);
        var decoder = new MqDecoder(input);
        for (var i = 0; i < Decisions; i++)
        {
            Assert.Equal(decisions[i], decoder.Decode(input, ref states[contexts[i]]));
        }
    }

    [Fact]
    public void As_many_bytes_as_are_called_sufficient_decode_everything_before()
    {
        const int Decisions = 4000;
        var random = new Random(5);
        uint[] decisions = [.. Enumerable.Range(0, Decisions).Select(_ => random.Next(3) == 0 ? 1u : 0)];
        Span<uint> context = [MqStates.Of(0)];
        var bytes = new MqBytes(Decisions);
        var encoder = new MqEncoder();
        var sufficient = new int[Decisions];
        for (var i = 0; i < Decisions; i++)
        {
            encoder.Encode(bytes, ref context[0], decisions[i]);
            sufficient[i] = bytes.SufficientCount;
        }

        encoder.Flush(bytes);
        var input = new MqInput();
        for (var last = 0; last < Decisions; last += 37)
        {
            context[0] = MqStates.Of(0);
            input.Load(bytes.Written[..Math.Min(sufficient[last], bytes.Written.Length)]);
            var decoder = new MqDecoder(input);
            for (var i = 0; i <= last; i++)
            {
                Assert.Equal(decisions[i], decoder.Decode(input, ref context[0]));
            }
        }
    }

    private static IEnumerable<uint> Bits(byte[] bytes) => bytes.SelectMany(value => Enumerable.Range(0, 8).Select(bit => (uint)(value >> (7 - bit)) & 1));
}

using Panal.Codecs;
using Panal.Codecs.Jpeg.Entropy;

namespace Panal.Unit.Codecs.Jpeg.Entropy;

public sealed class HuffmanTests
{
    [Fact]
    public void Codes_made_for_any_frequencies_are_at_most_sixteen_bits_and_read_back()
    {
        // Fibonacci numbers make the longest codes there are; seventeen of them need more than sixteen bits.
        long[][] kinds = [[1], [5, 0, 0, 1], [.. Enumerable.Range(0, 17).Select(i => 1L << (2 * i))], [.. Enumerable.Repeat(7L, 256)], [.. Enumerable.Range(0, 40).Select(Fibonacci)]];
        foreach (var frequencies in kinds)
        {
            var codes = HuffmanCodes.ForFrequencies(frequencies);
            var used = Enumerable.Range(0, frequencies.Length).Where(i => frequencies[i] > 0).ToArray();
            Assert.Equal(used.Length, codes.Symbols.Length);
            Assert.Equal(used.Length, codes.Counts.Sum(c => c));

            // Kraft: with the code of all ones left out there is room for one code more.
            Assert.InRange(codes.Counts.Index().Sum(c => c.Item * Math.Pow(2, -1 - c.Index)), 0, 1 - Math.Pow(2, -16));
            var buffer = new byte[8192];
            var writer = new HuffmanWriter(buffer, 0);
            foreach (var symbol in used)
            {
                codes.Write(ref writer, symbol, 0b10110, 5);
            }

            writer.Finish();
            var table = new HuffmanTable(codes.Counts, codes.Symbols);
            var reader = new HuffmanReader(buffer.AsSpan(0, writer.Position), 0);
            foreach (var symbol in used)
            {
                Assert.Equal(symbol, reader.ReadSymbol(table));
                Assert.Equal(0b10110, reader.ReadExtended(5));
            }

            reader.CheckEnd();
        }
    }

    [Fact]
    public void A_table_with_more_codes_than_exist_is_refused()
    {
        Assert.Equal(CodecFault.Malformed, Assert.Throws<CodecException>(() => new HuffmanTable([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 2, 3])).Fault);
        _ = new HuffmanTable([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 2]);
    }

    [Fact]
    public void Bits_are_read_the_same_with_and_without_stuffed_bytes_on_the_way()
    {
        var random = new Random(9);
        var written = Enumerable.Range(0, 2000).Select(i => (Bits: random.Next(1, 17), Value: random.Next(3) == 0 ? 0xFFFF : random.Next(65536))).ToArray();
        var buffer = new byte[32000];
        var writer = new HuffmanWriter(buffer, 0);
        foreach (var (bits, value) in written)
        {
            writer.Write(0, 1);
            writer.Write((uint)value & ((1u << bits) - 1), bits);
        }

        writer.Finish();
        var one = new HuffmanTable([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [7]);
        var reader = new HuffmanReader(buffer.AsSpan(0, writer.Position), 0);
        foreach (var (bits, value) in written)
        {
            Assert.Equal(7, reader.ReadSymbol(one));
            var plain = value & ((1 << bits) - 1);
            Assert.Equal(plain >> (bits - 1) == 1 ? plain : plain - (1 << bits) + 1, reader.ReadExtended(bits));
        }

        reader.CheckEnd();
    }

    private static long Fibonacci(int n) => n < 2 ? 1 : Fibonacci(n - 1) + Fibonacci(n - 2);
}

using Panal.Codecs.Jpeg.Dct;

namespace Panal.Unit.Codecs.Jpeg.Dct;

public sealed class CosineTransformTests
{
    [Fact]
    public void The_inverse_equals_the_formula_of_T81_A_3_3()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var block = new float[64];
            for (var i = random.Next(1, 65); i > 0; i--)
            {
                block[random.Next(64)] = random.Next(-2048, 2048);
            }

            var expected = Inverse(block);
            CosineTransform.Inverse(block);
            for (var i = 0; i < 64; i++)
            {
                Assert.InRange(block[i] - expected[i], -0.02, 0.02);
            }
        }
    }

    [Fact]
    public void Forward_and_inverse_undo_each_other()
    {
        var random = new Random(2);
        var samples = Enumerable.Range(0, 64).Select(_ => (float)random.Next(-128, 128)).ToArray();
        var block = (float[])samples.Clone();
        CosineTransform.Forward(block);
        CosineTransform.Inverse(block);
        for (var i = 0; i < 64; i++)
        {
            Assert.InRange(block[i] - samples[i], -0.001, 0.001);
        }
    }

    /// <summary>The plain reference: the double sum of the standard, in double precision.</summary>
    private static double[] Inverse(float[] coefficients)
    {
        var samples = new double[64];
        for (var at = 0; at < 64; at++)
        {
            for (var k = 0; k < 64; k++)
            {
                int x = at % 8, y = at / 8, u = k % 8, v = k / 8;
                samples[at] += C(u) * C(v) / 4 * coefficients[k] * Math.Cos(((2 * x) + 1) * u * Math.PI / 16) * Math.Cos(((2 * y) + 1) * v * Math.PI / 16);
            }
        }

        return samples;

        static double C(int n) => n == 0 ? 1 / Math.Sqrt(2) : 1;
    }
}

using System.Text;

namespace Panal.Conformance.Imaging;

/// <summary>A raw PGM (P5) or PPM (P6) of eight bits, as DCMTK writes them.</summary>
internal sealed record PnmFile(int Width, int Height, int Channels, byte[] Samples)
{
    public static PnmFile Read(byte[] file)
    {
        var at = 0;
        string Word()
        {
            while (char.IsWhiteSpace((char)file[at]) || file[at] == '#')
            {
                at = file[at] == '#' ? Array.IndexOf(file, (byte)'\n', at) : at + 1;
            }

            var start = at;
            while (!char.IsWhiteSpace((char)file[at]))
            {
                at++;
            }

            return Encoding.ASCII.GetString(file, start, at - start);
        }

        var channels = Word() switch { "P5" => 1, "P6" => 3, var other => throw new InvalidDataException(other) };
        var (width, height) = (int.Parse(Word()), int.Parse(Word()));
        Assert.Equal("255", Word());
        return new PnmFile(width, height, channels, file[(at + 1)..]);
    }
}

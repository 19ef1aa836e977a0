using System.Text;
using System.Xml;
using System.Xml.Linq;
using Panal.Security.Audit;

namespace Panal.Unit.Security.Audit;

public sealed class XmlLineTests
{
    [Fact]
    public void Elements_stand_in_each_other_with_attributes_and_text()
    {
        var xml = new XmlLine();
        xml.Start("Outer");
        xml.Attribute("name", "value");
        xml.Element("Text", "within");
        xml.Element("Nothing", "");
        xml.Start("Inner");
        xml.Attribute("empty", "");
        xml.End();
        xml.End();
        Assert.Equal("<Outer name=\"value\"><Text>within</Text><Nothing /><Inner empty=\"\" /></Outer>", xml.ToString());
    }

    [Fact]
    public void Whatever_stands_in_a_value_is_read_back_from_one_line()
    {
        var all = new StringBuilder();
        for (var letter = 0; letter <= char.MaxValue; letter++)
        {
            all.Append((char)letter).Append('x');
        }

        var value = all.Append("\uD83D\uDE00 \uDE00\uD83D").ToString();
        var xml = new XmlLine();
        xml.Start("Value");
        xml.Attribute("of", value);
        xml.Element("Text", value);
        xml.End();
        Assert.DoesNotContain('\n', xml.ToString());
        Assert.DoesNotContain('\r', xml.ToString());

        // The framework knows what XML can hold.
        var expected = new string([.. value.Select((letter, i) => XmlConvert.IsXmlChar(letter) || IsOfPair(value, i) ? letter : '\uFFFD')]);
        var read = XElement.Parse(xml.ToString(), LoadOptions.PreserveWhitespace);
        Assert.Equal(expected, read.Attribute("of")!.Value);
        Assert.Equal(expected, read.Element("Text")!.Value);
    }

    private static bool IsOfPair(string value, int i) =>
        (i + 1 < value.Length && char.IsSurrogatePair(value[i], value[i + 1])) || (i > 0 && char.IsSurrogatePair(value[i - 1], value[i]));
}

using System.Text;

namespace Panal.Security.Audit;

/// <summary>
/// Writes XML on one line. Values come from strangers: what XML reserves and what breaks lines is escaped, what XML cannot hold is shown as U+FFFD. The framework has a writer for
/// all of XML, which costs a node 2 to 3 MB of memory for as long as it runs.
/// </summary>
internal sealed class XmlLine
{
    private readonly StringBuilder _text = new(1024);
    private readonly Stack<string> _open = new();
    private bool _isInTag;

    /// <summary>Begins an element within the one that is open.</summary>
    public void Start(string element)
    {
        EndTag();
        _text.Append('<').Append(element);
        _open.Push(element);
        _isInTag = true;
    }

    /// <summary>Adds an attribute to the element that was just begun.</summary>
    public void Attribute(string name, string value)
    {
        _text.Append(' ').Append(name).Append("=\"");
        Escape(value);
        _text.Append('"');
    }

    /// <summary>Adds an element that holds text only.</summary>
    public void Element(string element, string value)
    {
        Start(element);
        if (value.Length > 0)
        {
            EndTag();
            Escape(value);
        }

        End();
    }

    /// <summary>Ends the element that was begun last.</summary>
    public void End()
    {
        var element = _open.Pop();
        if (_isInTag)
        {
            _text.Append(" />");
            _isInTag = false;
        }
        else
        {
            _text.Append("</").Append(element).Append('>');
        }
    }

    /// <summary>What was written.</summary>
    public override string ToString() => _text.ToString();

    private void EndTag()
    {
        if (_isInTag)
        {
            _text.Append('>');
            _isInTag = false;
        }
    }

    private void Escape(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var letter = value[i];
            switch (letter)
            {
                case '&':
                    _text.Append("&amp;");
                    break;
                case '<':
                    _text.Append("&lt;");
                    break;
                case '>':
                    _text.Append("&gt;");
                    break;
                case '"':
                    _text.Append("&quot;");
                    break;
                case '\t' or '\n' or '\r':
                    _text.Append(letter switch { '\t' => "&#x9;", '\n' => "&#xA;", _ => "&#xD;" });
                    break;
                case < ' ' or '\uFFFE' or '\uFFFF':
                    _text.Append('\uFFFD');
                    break;
                default:
                    if (i + 1 < value.Length && char.IsSurrogatePair(letter, value[i + 1]))
                    {
                        _text.Append(letter).Append(value[++i]);
                    }
                    else
                    {
                        _text.Append(char.IsSurrogate(letter) ? '\uFFFD' : letter);
                    }

                    break;
            }
        }
    }
}

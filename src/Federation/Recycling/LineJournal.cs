using System.Text;

namespace Panal.Federation.Recycling;

/// <summary>A file of short lines of ASCII that grows at its end and is now and then written anew; see docs/formats/recycling.md. Not for several threads.</summary>
/// <remarks>A line without its end was cut by a crash and counts for nothing; the next line begins anew behind it.</remarks>
internal sealed class LineJournal(string path)
{
    /// <summary>Longest line with its end, in bytes; longer ones are passed over.</summary>
    public const int LineLimitBytes = 1024;

    private const int BufferBytes = 64 * 1024;

    /// <summary>The length of the file, in bytes; 0 when there is none.</summary>
    public long LengthBytes => new FileInfo(path) is { Exists: true, Length: var length } ? length : 0;

    /// <summary>The whole lines, without their ends, from the first to the last.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IEnumerable<string> Read()
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes);
        var line = new byte[LineLimitBytes];
        var length = 0;
        for (var read = file.ReadByte(); read >= 0; read = file.ReadByte())
        {
            if (read == '\n')
            {
                if (length < LineLimitBytes)
                {
                    yield return Encoding.ASCII.GetString(line, 0, length);
                }

                length = 0;
            }
            else if (length < LineLimitBytes)
            {
                line[length] = (byte)read;
                length++;
            }
        }
    }

    /// <summary>Adds lines at the end.</summary>
    /// <param name="lines">Lines of ASCII without ends.</param>
    /// <param name="isDurable">True when they must survive power loss.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void Append(IEnumerable<string> lines, bool isDurable)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, BufferBytes);
        if (file.Length > 0)
        {
            file.Position = file.Length - 1;
            if (file.ReadByte() != '\n')
            {
                file.WriteByte((byte)'\n');
            }
        }

        Write(file, lines);
        file.Flush(isDurable);
    }

    /// <summary>Replaces all lines, durably; the old file stays when that fails.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void Replace(IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".next";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes))
        {
            Write(file, lines);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    private static void Write(FileStream file, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            file.Write(Encoding.ASCII.GetBytes(line));
            file.WriteByte((byte)'\n');
        }
    }
}

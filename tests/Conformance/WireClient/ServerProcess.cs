using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Panal.Conformance.WireClient;

/// <summary>A DICOM server as a real process with a directory of its own.</summary>
public sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(4);
    private readonly string[] _command;
    private Process? _process;

    private ServerProcess(string name, string directory, int port, string aeTitle, string[] command)
    {
        (Name, Directory, Port, AeTitle, _command) = (name, directory, port, aeTitle, command);
        System.IO.Directory.CreateDirectory(directory);
    }

    public string Name { get; }

    public string Directory { get; }

    public int Port { get; }

    public string AeTitle { get; }

    public string LogPath => Path.Combine(Directory, "server.log");

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server does not run.");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>
    /// Has DCMTK's network code (storescp, Orthanc) set TCP_NODELAY by its documented environment variable: without it they wait
    /// 44 ms for each instance whatever the client does. False leaves the server as its maker ships it.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>Put before the command, to run it under a tracer.</summary>
    public string[] CommandPrefix { get; set; } = [];

    public WitnessTarget Target => new("127.0.0.1", Port, AeTitle);

    /// <summary>Panal's executable as `./run --build-only` leaves it; PANAL_EXECUTABLE names another.</summary>
    public static string? FindPanal()
    {
        if (Environment.GetEnvironmentVariable("PANAL_EXECUTABLE") is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Panal.slnx")))
            {
                var path = Path.Combine(folder.FullName, "artifacts", "panal");
                return File.Exists(path) ? path : null;
            }
        }

        return null;
    }

    /// <param name="moveDestinations">Title and port on loopback of those that C-MOVE may send to.</param>
    public static ServerProcess Panal(string executable, string directory, params ReadOnlySpan<(string Title, int Port)> moveDestinations)
    {
        var data = Path.Combine(directory, "data");
        foreach (var (title, port) in moveDestinations)
        {
            Run(executable, ["ae", "add", title, "--host", "127.0.0.1", "--port", Text(port), "--data", data]);
        }

        var dicom = LoopbackPort.Free();
        string[] command = [executable, "serve", "--data", data, "--ae-title", "PANAL", "--dicom-port", Text(dicom), "--dicom-tls-port", "0", "--http-port", Text(LoopbackPort.Free())];
        return new ServerProcess("Panal", directory, dicom, "PANAL", command);
    }

    /// <summary>Orthanc with its defaults (SQLite, synced storage); only the rights to ask and to be sent to are opened.</summary>
    public static ServerProcess Orthanc(string directory, params ReadOnlySpan<(string Title, int Port)> moveDestinations)
    {
        var dicom = LoopbackPort.Free();
        var modalities = new List<string>();
        foreach (var (title, port) in moveDestinations)
        {
            modalities.Add($"\"{title}\": [\"{title}\", \"127.0.0.1\", {port}]");
        }

        System.IO.Directory.CreateDirectory(directory);
        var configuration = Path.Combine(directory, "orthanc.json");
        File.WriteAllText(configuration, $$"""
            {
              "Name": "Benchmark", "StorageDirectory": "{{directory}}/db", "IndexDirectory": "{{directory}}/db", "Plugins": [],
              "HttpPort": {{LoopbackPort.Free()}}, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
              "DicomAet": "ORTHANC", "DicomPort": {{dicom}}, "DicomCheckCalledAet": false,
              "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true,
              "DicomModalities": { {{string.Join(", ", modalities)}} }
            }
            """);
        return new ServerProcess("Orthanc", directory, dicom, "ORTHANC", ["/usr/sbin/Orthanc", configuration]);
    }

    /// <summary>DCMTK's storescp writing data sets as they come (-od names the folder), one process per association.</summary>
    public static ServerProcess Storescp(string directory)
    {
        var received = Path.Combine(directory, "received");
        System.IO.Directory.CreateDirectory(received);
        var port = LoopbackPort.Free();
        string[] command = ["/usr/bin/storescp", "--fork", "--aetitle", "STORESCP", "--max-pdu", "131072", "-od", received, Text(port)];
        return new ServerProcess("storescp", directory, port, "STORESCP", command);
    }

    /// <summary>Starts the process and returns at once.</summary>
    public void Start()
    {
        // The shell gives way to the server (exec), which so writes its log itself and keeps this process id.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = Directory };
        foreach (var argument in (string[])["-c", "exec \"$@\" >>\"$0\" 2>&1", LogPath, .. CommandPrefix, .. _command])
        {
            start.ArgumentList.Add(argument);
        }

        if (NoDelay)
        {
            start.Environment["TCP_NODELAY"] = "1";
        }

        _process?.Dispose();
        _process = Process.Start(start) ?? throw new InvalidOperationException("No process was started.");
    }

    /// <summary>Waits for the first C-ECHO answered; returns the time since <paramref name="startedAt"/> (Stopwatch ticks).</summary>
    /// <exception cref="TimeoutException">Not answered in time; the tail of the log is in the text.</exception>
    public TimeSpan WaitForEcho(long startedAt, TimeSpan limit)
    {
        while (true)
        {
            try
            {
                using var client = QueryClient.Open(Target);
                client.Echo();
                return Stopwatch.GetElapsedTime(startedAt);
            }
            catch (Exception e) when (e is IOException or WitnessProtocolException)
            {
                if (_process is not { HasExited: false } || Stopwatch.GetElapsedTime(startedAt) > limit)
                {
                    throw new TimeoutException($"{Name} does not answer C-ECHO. {LogTail()}", e);
                }

                _process.WaitForExit(PollInterval);
            }
        }
    }

    /// <summary>Starts and waits for the first C-ECHO.</summary>
    public TimeSpan StartAndWait(TimeSpan limit)
    {
        var startedAt = Stopwatch.GetTimestamp();
        Start();
        return WaitForEcho(startedAt, limit);
    }

    /// <summary>SIGKILL, for it and its children, without any farewell.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
    }

    /// <summary>SIGTERM, then SIGKILL when that does not help within the limit; true when it stopped by itself.</summary>
    public bool Stop(TimeSpan limit)
    {
        if (_process is not { HasExited: false } process)
        {
            return true;
        }

        Run("/bin/kill", ["-TERM", Text(process.Id)]);
        var stopped = process.WaitForExit(limit);
        Kill();
        return stopped;
    }

    public string LogTail()
    {
        var log = File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";
        return log.Length > 2_000 ? log[^2_000..] : log;
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static void Run(string executable, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(executable, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException("No process was started.");
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{executable} {string.Join(' ', arguments)} failed: {error.GetAwaiter().GetResult()}");
        }
    }
}

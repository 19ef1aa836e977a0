using System.Globalization;

namespace Panal.Load.SideBySide;

/// <summary>What a server and its children cost, from /proc: CPU time and resident memory.</summary>
internal sealed class ProcessMeter : IDisposable
{
    // USER_HZ is 100 on every Linux that .NET runs on; the kernel reports CPU times in it.
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(25);


    /// <summary>Longer than what is put off waits for silence to begin.</summary>
    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(2);

    private readonly int _processId;
    private readonly Thread _sampler;
    private readonly ManualResetEventSlim _stop = new();
    private long _peakBytes;

    public ProcessMeter(int processId)
    {
        _processId = processId;
        _sampler = new Thread(Sample) { IsBackground = true };
        _sampler.Start();
    }

    /// <summary>Highest resident size so far: that of the process itself (VmHWM) or the sum with its children, sampled.</summary>
    public double PeakMegabytes
    {
        get
        {
            TakeSample();
            return Math.Max(Interlocked.Read(ref _peakBytes), StatusBytes(_processId, "VmHWM:")) / 1e6;
        }
    }

    public double ResidentMegabytes => Tree().Sum(id => StatusBytes(id, "VmRSS:")) / 1e6;

    /// <summary>User and system time of the process, its living children and those it has waited for.</summary>
    public double CpuSeconds => Tree().Sum(CpuTicks) / TicksPerSecond;

    /// <summary>Waits until the server has rested for a while, so that work put off is counted too.</summary>
    /// <param name="limit">Then it counts as it is.</param>
    public void WaitUntilIdle(TimeSpan limit)
    {
        var step = TimeSpan.FromMilliseconds(250);
        var before = CpuSeconds;
        var rested = TimeSpan.Zero;
        for (var waited = TimeSpan.Zero; waited < limit && rested < RestTime; waited += step)
        {
            _stop.Wait(step);
            var now = CpuSeconds;
            rested = now - before < 0.03 * step.TotalSeconds + 0.001 ? rested + step : TimeSpan.Zero;
            before = now;
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _sampler.Join();
        _stop.Dispose();
    }

    private void Sample()
    {
        while (!_stop.Wait(SampleInterval))
        {
            TakeSample();
        }
    }

    private void TakeSample()
    {
        var bytes = Tree().Sum(id => StatusBytes(id, "VmRSS:"));
        if (bytes > Interlocked.Read(ref _peakBytes))
        {
            Interlocked.Exchange(ref _peakBytes, bytes);
        }
    }

    private List<int> Tree()
    {
        List<int> found = [_processId];
        for (var i = 0; i < found.Count; i++)
        {
            foreach (var id in Read($"/proc/{found[i]}/task/{found[i]}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                found.Add(int.Parse(id, CultureInfo.InvariantCulture));
            }
        }

        return found;
    }

    private static long CpuTicks(int processId)
    {
        var stat = Read($"/proc/{processId}/stat");
        // proc(5): the name, in parentheses, may hold spaces; utime, stime, cutime and cstime are fields 14 to 17.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 15 ? 0 : fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
    }

    private static long StatusBytes(int processId, string name)
    {
        var line = Read($"/proc/{processId}/status").Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : 1_024 * long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }
}

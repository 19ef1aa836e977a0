namespace Panal.SwarmSimulation;

/// <summary>A node's line to the Internet, in payload that a plain TCP stream reaches on it.</summary>
/// <param name="UpBytesPerSecond">Towards the Internet.</param>
/// <param name="DownBytesPerSecond">From the Internet.</param>
/// <param name="Latency">From the node to the middle of the Internet; a round trip between two nodes takes four of these at half each.</param>
internal readonly record struct Line(double UpBytesPerSecond, double DownBytesPerSecond, double Latency)
{
    /// <summary>A line by its rates in Mbit/s and its latency in seconds.</summary>
    public static Line Mbit(double up, double down, double latency = 0.010) => new(up * 1e6 / 8, down * 1e6 / 8, latency);
}

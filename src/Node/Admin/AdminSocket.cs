using System.Net.Sockets;

namespace Panal.Node.Admin;

/// <summary>Where a running node and its command line meet: a socket in the data folder that only the node's own user can open.</summary>
/// <remarks>The data folder cannot be used by two processes at once, so commands that work on it ask the node that has it.</remarks>
internal static class AdminSocket
{
    public const string FileName = "panal.sock";

    /// <summary>Longest path that a socket can have (sun_path of unix(7), with its end), in bytes.</summary>
    private const int PathLimitBytes = 107;

    /// <summary>Whether the data folder's own path leaves room for the socket; without it, commands wait until the node has stopped.</summary>
    public static bool IsPossible(string dataFolder) => System.Text.Encoding.UTF8.GetByteCount(PathIn(dataFolder)) <= PathLimitBytes;

    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, FileName);

    /// <summary>Removes what a node that was killed left behind, so that the name can be bound again.</summary>
    public static void RemoveStale(string dataFolder) => File.Delete(PathIn(dataFolder));

    /// <summary>Lets nobody but our own user connect.</summary>
    public static void Restrict(string dataFolder)
    {
        if (IsPossible(dataFolder) && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PathIn(dataFolder), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>A client of the node that runs on a data folder; null when none does.</summary>
    public static async Task<HttpClient?> TryConnectAsync(string dataFolder, CancellationToken cancellationToken)
    {
        if (!IsPossible(dataFolder))
        {
            return null;
        }

        var address = new UnixDomainSocketEndPoint(PathIn(dataFolder));
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await probe.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return null;
        }

        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(address, token).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri("http://panal"), Timeout = Timeout.InfiniteTimeSpan };
    }
}

using Panal.Security.Accounts;

namespace Panal.Node.Web;

/// <summary>Lets people stay logged in while the node is restarted; it starts before the doors and stops after them.</summary>
internal sealed class SessionsOverRestart(Sessions sessions, ILogger<SessionsOverRestart> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        sessions.Restore();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (!sessions.Keep())
        {
            Log.SessionsNotKept(logger);
        }

        return Task.CompletedTask;
    }
}

namespace Panal.Node.Commands;

/// <summary>Exit codes of the executable; scripts rely on them, so numbers never change.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>The command ran and what it was asked for did not succeed, wholly or in part. Also a wrong command line.</summary>
    Failure = 1,

    /// <summary>The configuration is not valid.</summary>
    Configuration = 2,

    /// <summary>A door cannot be opened: the port is taken or not allowed.</summary>
    Door = 3,

    /// <summary>The data folder cannot be used: not writable, or another node has it open.</summary>
    Data = 4,
}

/// <summary>Ends a command with a message for the person at the terminal.</summary>
internal sealed class CommandException(ExitCode exitCode, string message) : Exception(message)
{
    public ExitCode ExitCode { get; } = exitCode;
}

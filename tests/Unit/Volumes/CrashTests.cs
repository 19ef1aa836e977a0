using Panal.Unit.Volumes.Files;

namespace Panal.Unit.Volumes;

public sealed class CrashTests
{

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_power_failure_at_any_operation_loses_nothing_that_was_acknowledged(bool canSyncFileSystem)
    {
        var histories = LongRun.IsAsked ? 60 : 4;
        for (var history = 0; history < histories; history++)
        {
            var whole = new FaultyDisk(canSyncFileSystem);
            Assert.False(await new CrashHistory(history, whole).LiveAsync(steps: 24));
            for (var operation = 1; operation <= whole.Operations; operation++)
            {
                await CrashAtAsync(history, operation, canSyncFileSystem, crashSeed: operation + history);
            }
        }
    }

    private static async Task CrashAtAsync(int history, int operation, bool canSyncFileSystem, int crashSeed)
    {
        var disk = new FaultyDisk(canSyncFileSystem) { CrashAt = operation };
        var life = new CrashHistory(history, disk);
        await life.LiveAsync(steps: 24);
        disk.Crash(crashSeed);
        try
        {
            await life.CheckAsync();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"history {history}, power lost at operation {operation}, crash {crashSeed}", error);
        }
    }

    [Fact]
    public async Task A_power_failure_during_the_recovery_loses_nothing_either()
    {
        for (var history = 100; history < (LongRun.IsAsked ? 200 : 104); history++)
        {
            var whole = new FaultyDisk();
            await new CrashHistory(history, whole).LiveAsync(steps: 24);
            for (var second = 1; second < 40; second += 3)
            {
                var disk = new FaultyDisk { CrashAt = whole.Operations * 2 / 3 };
                var life = new CrashHistory(history, disk);
                await life.LiveAsync(steps: 24);
                disk.Crash(history);
                disk.CrashAt = second;
                try
                {
                    await life.CheckAsync();
                }
                catch (PowerLostException)
                {
                    disk.Crash(second);
                    await life.CheckAsync();
                }
                catch (Xunit.Sdk.XunitException) when (disk.HasCrashed)
                {
                    disk.Crash(second);
                    await life.CheckAsync();
                }
            }
        }
    }
}

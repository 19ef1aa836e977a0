namespace Panal;

/// <summary>The long run of the tests, <c>./test --long</c> (PANAL_LONG=1): crash rounds, fuzzing, the lab, whole networks.</summary>
internal static class LongRun
{
    /// <summary>Whether this run is one.</summary>
    public static bool IsAsked { get; } = Environment.GetEnvironmentVariable("PANAL_LONG") == "1";

    /// <summary>Skips the test in an ordinary run.</summary>
    public static void Only() => Assert.SkipUnless(IsAsked, "a long run: PANAL_LONG=1 (./test --long)");
}

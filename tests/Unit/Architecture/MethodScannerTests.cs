namespace Panal.Unit.Architecture;

public sealed class MethodScannerTests
{
    [Fact]
    public void Bodies_of_members_are_measured_and_braces_in_literals_are_not()
    {
        const string code = """"
            namespace A;
            /* { */
            internal sealed class B<T>(int x) : C
                where T : class
            {
                private const char Brace = '{';
                private static readonly string Raw = """
                    { { {
                    """;
                public int P { get; init; } = 1; // {
                public int Q
                {
                    get { return 1; }
                }
                public void M(string s)
                {
                    if (s == "{\"") { s = $"{{{s.Replace("}", "{")}}}"; }
                    s += @"\{""";
                }
                private enum E { A, B }
            }
            """";
        Assert.Equal([(10, 1), (12, 3), (16, 4)], MethodScanner.Measure(code));
    }
}

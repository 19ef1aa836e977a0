using Panal.Dimse;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>What may be agreed by SOP Class Extended Negotiation: the values are the bytes' places. PS3.4 Table C.5-1 and C.5-2.</summary>
internal enum QueryOption
{
    Relational = 0,
    DateTimeMatching = 1,
    EmptyValueMatching = 5,
    MultipleValueMatching = 6,
}

internal static class QueryOptions
{
    /// <summary>Tells whether an option was agreed for a SOP class.</summary>
    public static bool IsAgreed(this QueryOption option, Association association, string sopClassUid)
    {
        foreach (var agreed in association.ExtendedNegotiation)
        {
            if (agreed.SopClassUid == sopClassUid)
            {
                var information = agreed.ApplicationInformation.Span;
                return information.Length > (int)option && information[(int)option] == 1;
            }
        }

        return false;
    }
}

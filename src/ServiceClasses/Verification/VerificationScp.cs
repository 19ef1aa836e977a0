using Panal.Dimse;

namespace Panal.ServiceClasses.Verification;

/// <summary>Answers C-ECHO. PS3.4 §A.4.</summary>
public sealed class VerificationScp : IDimseService
{
    /// <inheritdoc/>
    public ValueTask HandleAsync(DimseRequest request, CancellationToken ct) => request.RespondAsync(VerificationTable.Success.Code, ct);
}

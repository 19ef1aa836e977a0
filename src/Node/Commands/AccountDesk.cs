using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Panal.Node.Admin;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Commands;

/// <summary>What the command line does with accounts, in the running node or without one.</summary>
internal interface IAccountDesk : IAsyncDisposable
{
    Task<IReadOnlyList<AccountAnswer>> ListAsync(CancellationToken cancellationToken);

    Task<AccountAnswer> AddAsync(AccountRequest request, CancellationToken cancellationToken);

    Task RemoveAsync(string name, CancellationToken cancellationToken);

    Task ChangePasswordAsync(string name, string password, CancellationToken cancellationToken);

    Task<TokenAnswer> CreateTokenAsync(string name, TokenRequest request, CancellationToken cancellationToken);
}

/// <summary>Finds out whether a node runs on the data folder, and works there or here.</summary>
internal static class AccountDesk
{
    /// <exception cref="CommandException">The data folder cannot be used.</exception>
    public static async Task<IAccountDesk> OpenAsync(NodeConfiguration configuration, CancellationToken cancellationToken)
    {
        var node = await AdminSocket.TryConnectAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false);
        return node is null ? new Here(configuration) : new There(node);
    }

    private sealed class Here : IAccountDesk
    {
        private readonly DataFolder _data;
        private readonly AccountRegistry _accounts;
        private readonly AuditTrail _audit;
        private readonly AccountWork _work;
        private readonly AuditPerson _by = new(Environment.UserName, null);

        public Here(NodeConfiguration configuration)
        {
            _data = DataFolder.Open(configuration.DataFolder);
            try
            {
                _accounts = new AccountRegistry(_data.Path, TimeProvider.System);
            }
            catch
            {
                _data.Dispose();
                throw;
            }

            var device = configuration.Device.EffectiveName;
            _audit = new AuditTrail(Path.Combine(_data.Path, "audit"), new AuditSource(device, configuration.Device.InstitutionName), TimeProvider.System);
            _work = new AccountWork(_accounts, _audit, device);
        }

        public Task<IReadOnlyList<AccountAnswer>> ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<AccountAnswer>>([.. _accounts.Accounts.Select(AccountAnswer.Of)]);

        public async Task<AccountAnswer> AddAsync(AccountRequest request, CancellationToken cancellationToken) =>
            AccountAnswer.Of(await _work.AddAsync(_by, request, cancellationToken).ConfigureAwait(false));

        public Task RemoveAsync(string name, CancellationToken cancellationToken) => _work.RemoveAsync(_by, name, cancellationToken);

        public Task ChangePasswordAsync(string name, string password, CancellationToken cancellationToken) =>
            _work.ChangePasswordAsync(_by, name, password, cancellationToken);

        public Task<TokenAnswer> CreateTokenAsync(string name, TokenRequest request, CancellationToken cancellationToken) =>
            _work.CreateTokenAsync(_by, name, request, cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await _audit.DisposeAsync().ConfigureAwait(false);
            _accounts.Dispose();
            _data.Dispose();
        }
    }

    private sealed class There(HttpClient node) : IAccountDesk
    {
        public async Task<IReadOnlyList<AccountAnswer>> ListAsync(CancellationToken cancellationToken) =>
            await AskAsync(HttpMethod.Get, "/api/accounts", null, WebJson.Default.AccountAnswerArray, cancellationToken).ConfigureAwait(false) ?? [];

        public async Task<AccountAnswer> AddAsync(AccountRequest request, CancellationToken cancellationToken) => await AskAsync(
            HttpMethod.Post, "/api/accounts", Body(request, WebJson.Default.AccountRequest), WebJson.Default.AccountAnswer, cancellationToken).ConfigureAwait(false)
            ?? throw new CommandException(ExitCode.Failure, "The running node did not answer.");

        public Task RemoveAsync(string name, CancellationToken cancellationToken) =>
            AskAsync(HttpMethod.Delete, PathOf(name), null, WebJson.Default.AccountAnswer, cancellationToken);

        public Task ChangePasswordAsync(string name, string password, CancellationToken cancellationToken) => AskAsync(
            HttpMethod.Put, PathOf(name) + "/password", Body(new PasswordRequest(password), WebJson.Default.PasswordRequest), WebJson.Default.AccountAnswer, cancellationToken);

        public async Task<TokenAnswer> CreateTokenAsync(string name, TokenRequest request, CancellationToken cancellationToken) => await AskAsync(
            HttpMethod.Post, PathOf(name) + "/tokens", Body(request, WebJson.Default.TokenRequest), WebJson.Default.TokenAnswer, cancellationToken).ConfigureAwait(false)
            ?? throw new CommandException(ExitCode.Failure, "The running node did not answer.");

        public ValueTask DisposeAsync()
        {
            node.Dispose();
            return ValueTask.CompletedTask;
        }

        private static string PathOf(string name) => "/api/accounts/" + Uri.EscapeDataString(Account.NormalName(name));

        private static JsonContent Body<T>(T value, JsonTypeInfo<T> type) => JsonContent.Create(value, type);

        private async Task<T?> AskAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path) { Content = body };
                using var response = await node.SendAsync(request, cancellationToken).ConfigureAwait(false);
                var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return text.Length == 0 ? default : JsonSerializer.Deserialize(text, answer);
                }

                using var problem = JsonDocument.Parse(text);
                throw new AccountException(problem.RootElement.GetProperty("detail").GetString() ?? text);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or KeyNotFoundException)
            {
                throw new CommandException(ExitCode.Failure, "The running node broke off: " + e.Message);
            }
        }
    }
}

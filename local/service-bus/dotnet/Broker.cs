using System.Net.Http.Json;
using System.Text.Json;
using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

/// <summary>The broker as one check uses it: with entities and clients that nobody else has.</summary>
sealed class Broker(string connectionString, string controlUrl) : IAsyncDisposable
{
    static readonly HttpClient Http = new();
    static readonly JsonSerializerOptions AsWritten = new();
    static int entities;
    readonly List<ServiceBusClient> clients = [];

    /// <summary>The address that a client connects to, as it appears in texts of errors.</summary>
    public string Host { get; } = ServiceBusConnectionStringProperties.Parse(connectionString).FullyQualifiedNamespace;

    /// <summary>A client on a connection of its own, whose attempts take five seconds at most.</summary>
    public ServiceBusClient Client(int maxRetries = 0, bool crossEntityTransactions = false)
    {
        var client = new ServiceBusClient(connectionString, new ServiceBusClientOptions
        {
            EnableCrossEntityTransactions = crossEntityTransactions,
            RetryOptions = new ServiceBusRetryOptions
            {
                MaxRetries = maxRetries,
                TryTimeout = TimeSpan.FromSeconds(5),
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(1),
            },
        });
        clients.Add(client);
        return client;
    }

    public async Task<string> Queue(object? properties = null)
    {
        var name = $"dotnet-queue-{Interlocked.Increment(ref entities)}";
        await Put($"queues/{name}", properties);
        return name;
    }

    public async Task<string> Topic(params string[] subscriptions)
    {
        var name = $"dotnet-topic-{Interlocked.Increment(ref entities)}";
        await Put($"topics/{name}", null);
        foreach (var subscription in subscriptions) await Put($"topics/{name}/subscriptions/{subscription}", null);
        return name;
    }

    public async Task Fault(object fault)
    {
        using var answer = await Http.PostAsJsonAsync($"{controlUrl}/__control/faults", fault);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>How many messages a queue counts in one state: active, scheduled, deferred, deadLetter or locked.</summary>
    public async Task<int> Count(string queue, string state)
    {
        var answer = await Http.GetFromJsonAsync<JsonElement>($"{controlUrl}/__control/queues/{queue}");
        return answer.GetProperty("counts").GetProperty(state).GetInt32();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients) await client.DisposeAsync();
    }

    async Task Put(string path, object? properties)
    {
        using var answer = await Http.PutAsJsonAsync($"{controlUrl}/__control/{path}", properties ?? new { }, AsWritten);
        answer.EnsureSuccessStatusCode();
    }
}

static class ReceiverExtensions
{
    /// <summary>The one message that must come within five seconds.</summary>
    public static async Task<ServiceBusReceivedMessage> Next(this ServiceBusReceiver receiver) =>
        Expect.NotNull(await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5)), $"a message of {receiver.EntityPath}");

    /// <summary>Makes sure that nothing comes for a moment.</summary>
    public static async Task Nothing(this ServiceBusReceiver receiver) =>
        Expect.True(
            await receiver.ReceiveMessageAsync(TimeSpan.FromMilliseconds(300)) is null,
            $"{receiver.EntityPath} should be empty");
}

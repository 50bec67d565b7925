// Drives a broker with Microsoft's own .NET client and prints one line of JSON per check:
// {"title":…,"ms":…} where it held, with "error" where it did not.
//
//     dotnet run -- <connection string> <address of the control plane> [part of a title]

using System.Diagnostics;
using System.Text.Json;
using ServiceBusChecks;

var (connectionString, controlUrl) = (args[0], args[1]);
Check[] all =
[
    .. Sending.Checks, .. Receiving.Checks, .. Settling.Checks, .. Sessions.Checks, .. Processors.Checks,
    .. Scheduling.Checks, .. Topics.Checks, .. Rules.Checks, .. Refusals.Checks, .. ConnectionLoss.Checks,
];
var chosen = all.Where(check => args.Length < 3 || check.Title.Contains(args[2])).ToArray();

// Most of them wait for locks and schedules: many at once keep the whole short.
var turns = new SemaphoreSlim(12);
await Task.WhenAll(chosen.Select(async check =>
{
    await turns.WaitAsync();
    var watch = Stopwatch.StartNew();
    string? error = null;
    await using var broker = new Broker(connectionString, controlUrl);
    try
    {
        await check.Run(broker).WaitAsync(TimeSpan.FromSeconds(50));
    }
    catch (Exception thrown)
    {
        error = thrown.ToString();
    }
    Console.WriteLine(JsonSerializer.Serialize(new { title = check.Title, ms = watch.ElapsedMilliseconds, error }));
    turns.Release();
}));

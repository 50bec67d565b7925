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

// Most of them wait for locks and schedules: many at once keep the whole short. On a machine that is busy with other
// things some time limit may be missed: what fails among the others is tried once more by itself, and that counts.
var turns = new SemaphoreSlim(12);
var outcomes = await Task.WhenAll(chosen.Select(async check =>
{
    await turns.WaitAsync();
    try
    {
        return (check, outcome: await Outcome(check));
    }
    finally
    {
        turns.Release();
    }
}));
foreach (var (check, first) in outcomes)
{
    var (ms, error) = first.Error is null ? first : await Outcome(check);
    if (first.Error is not null) Console.Error.WriteLine($"tried once more: {check.Title}: {first.Error}");
    Console.WriteLine(JsonSerializer.Serialize(new { title = check.Title, ms, error }));
}

async Task<(long Ms, string? Error)> Outcome(Check check)
{
    var watch = Stopwatch.StartNew();
    await using var broker = new Broker(connectionString, controlUrl);
    try
    {
        await check.Run(broker).WaitAsync(TimeSpan.FromSeconds(50));
        return (watch.ElapsedMilliseconds, null);
    }
    catch (Exception thrown)
    {
        return (watch.ElapsedMilliseconds, thrown.ToString());
    }
}

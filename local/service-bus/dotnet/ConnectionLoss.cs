using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class ConnectionLoss
{
    public static readonly Check[] Checks =
    [
        new("a client that is cut off finds its way back, and no message is lost", async broker =>
        {
            var queue = await broker.Queue(new { LockDuration = "PT2S" });
            var client = broker.Client(maxRetries: 5);
            var sender = client.CreateSender(queue);
            var handled = new ConcurrentDictionary<string, int>();
            await using var processor = client.CreateProcessor(queue, new ServiceBusProcessorOptions { MaxConcurrentCalls = 4 });
            processor.ProcessErrorAsync += _ => Task.CompletedTask;
            processor.ProcessMessageAsync += args =>
            {
                handled.AddOrUpdate(args.Message.Body.ToString(), 1, (_, count) => count + 1);
                return Task.CompletedTask;
            };
            await processor.StartProcessingAsync();
            for (var i = 0; i < 60; i++)
            {
                if (i is 20 or 40) await broker.Fault(new { kind = "drop-connection", entity = queue });
                await sender.SendMessageAsync(new ServiceBusMessage($"{i}")).InTime($"sending message {i}");
            }
            await Expect.Soon(() => handled.Count == 60, $"all are handled, not {handled.Count}");
            await Expect.Soon(() => broker.Count(queue, "active").Result == 0, "all are completed");
            await processor.StopProcessingAsync().InTime("stopping the processor");
        }),

        new("a session processor that is cut off goes on with its sessions", async broker =>
        {
            var queue = await broker.Queue(new { RequiresSession = true, LockDuration = "PT2S" });
            var client = broker.Client(maxRetries: 5);
            var sender = client.CreateSender(queue);
            var handled = new ConcurrentDictionary<string, int>();
            await using var processor = client.CreateSessionProcessor(queue,
                new ServiceBusSessionProcessorOptions { MaxConcurrentSessions = 4, SessionIdleTimeout = TimeSpan.FromMilliseconds(500) });
            processor.ProcessErrorAsync += _ => Task.CompletedTask;
            processor.ProcessMessageAsync += args =>
            {
                handled.AddOrUpdate(args.Message.Body.ToString(), 1, (_, count) => count + 1);
                return Task.CompletedTask;
            };
            await processor.StartProcessingAsync();
            for (var i = 0; i < 40; i++)
            {
                if (i is 20) await broker.Fault(new { kind = "drop-connection", entity = queue });
                await sender.SendMessageAsync(new ServiceBusMessage($"{i}") { SessionId = $"{i % 5}" })
                    .InTime($"sending message {i}");
            }
            await Expect.Soon(() => handled.Count == 40, $"all are handled, not {handled.Count}");
            await processor.StopProcessingAsync().InTime("stopping the processor");
        }),

        new("a link that the broker detaches is opened again", async broker =>
        {
            var queue = await broker.Queue();
            var client = broker.Client(maxRetries: 3);
            var (sender, receiver) = (client.CreateSender(queue), client.CreateReceiver(queue));
            await sender.SendMessageAsync(new ServiceBusMessage("before"));
            await receiver.CompleteMessageAsync(await receiver.Next());
            await broker.Fault(new { kind = "detach-link", entity = queue });
            await sender.SendMessageAsync(new ServiceBusMessage("after"));
            await receiver.CompleteMessageAsync(await receiver.Next());
        }),

        new("a busy broker is tried again", async broker =>
        {
            var queue = await broker.Queue();
            await broker.Fault(new { kind = "server-busy", entity = queue, times = 1 });
            var thrown = await Expect.Throws<ServiceBusException>(
                () => broker.Client().CreateSender(queue).SendMessageAsync(new ServiceBusMessage("x")), "sending once");
            Expect.Equal(ServiceBusFailureReason.ServiceBusy, thrown.Reason, "reason");
        }),
    ];
}

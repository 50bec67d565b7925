using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Topics
{
    public static readonly Check[] Checks =
    [
        new("every subscription gets its copy, settled by itself", async broker =>
        {
            var topic = await broker.Topic("one", "two");
            var client = broker.Client();
            await client.CreateSender(topic).SendMessagesAsync([new("1"), new("2")]);
            foreach (var subscription in new[] { "one", "two" })
            {
                var receiver = client.CreateReceiver(topic, subscription);
                foreach (var expected in new[] { "1", "2" })
                {
                    var message = await receiver.Next();
                    Expect.Equal(expected, message.Body.ToString(), $"message of {subscription}");
                    await receiver.CompleteMessageAsync(message);
                }
                await receiver.Nothing();
            }
        }),

        new("a subscription has dead letters of its own", async broker =>
        {
            var topic = await broker.Topic("one");
            var client = broker.Client();
            await client.CreateSender(topic).SendMessageAsync(new ServiceBusMessage("x"));
            var receiver = client.CreateReceiver(topic, "one");
            await receiver.DeadLetterMessageAsync(await receiver.Next(), "why");
            var dead = await client.CreateReceiver(topic, "one",
                new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter }).Next();
            Expect.Equal("why", dead.DeadLetterReason, "reason");
        }),

        new("a processor handles a subscription", async broker =>
        {
            var topic = await broker.Topic("one");
            var client = broker.Client(maxRetries: 3);
            var handled = 0;
            await using var processor = client.CreateProcessor(topic, "one");
            processor.ProcessErrorAsync += _ => Task.CompletedTask;
            processor.ProcessMessageAsync += _ => { Interlocked.Increment(ref handled); return Task.CompletedTask; };
            await processor.StartProcessingAsync();
            await client.CreateSender(topic).SendMessagesAsync(Enumerable.Range(0, 20).Select(i => new ServiceBusMessage($"{i}")));
            await Expect.Soon(() => handled == 20, "twenty are handled");
            await processor.StopProcessingAsync();
        }),
    ];
}

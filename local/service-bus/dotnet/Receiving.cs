using System.Diagnostics;
using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Receiving
{
    public static readonly Check[] Checks =
    [
        new("an empty queue answers nothing when the waiting time is over, again and again", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            for (var round = 0; round < 5; round++) await receiver.Nothing();
            await sender.SendMessageAsync(new ServiceBusMessage("late"));
            await receiver.CompleteMessageAsync(await receiver.Next());
            await receiver.Nothing();
        }),

        new("fewer messages than asked for come without waiting for more", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            for (var i = 0; i < 3; i++) await sender.SendMessageAsync(new ServiceBusMessage($"{i}"));
            var watch = Stopwatch.StartNew();
            var messages = await receiver.ReceiveMessagesAsync(10, TimeSpan.FromSeconds(30));
            Expect.True(messages.Count is >= 1 and <= 3, $"{messages.Count} messages");
            Expect.Sequence(new[] { "0", "1", "2" }.Take(messages.Count), messages.Select(m => m.Body.ToString()), "the messages");
            Expect.True(watch.Elapsed < TimeSpan.FromSeconds(25), "no waiting for more");
        }),

        new("what is received and deleted is gone", async broker =>
        {
            var queue = await broker.Queue();
            var client = broker.Client();
            await client.CreateSender(queue).SendMessagesAsync([new("1"), new("2")]);
            var receiver = client.CreateReceiver(queue,
                new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
            var messages = await receiver.ReceiveMessagesAsync(2, TimeSpan.FromSeconds(5));
            Expect.True(messages.Count is 1 or 2, $"{messages.Count} messages");
            if (messages.Count == 1) await receiver.Next();
            Expect.Equal(0, await broker.Count(queue, "active"), "what is left");
        }),

        new("prefetched messages are locked ahead and settle as others", async broker =>
        {
            var queue = await broker.Queue();
            var client = broker.Client();
            await client.CreateSender(queue).SendMessagesAsync(Enumerable.Range(0, 40).Select(i => new ServiceBusMessage($"{i}")));
            var receiver = client.CreateReceiver(queue, new ServiceBusReceiverOptions { PrefetchCount = 30 });
            var first = await receiver.Next();
            await Expect.Soon(() => broker.Count(queue, "locked").Result >= 30, "thirty are locked");
            await receiver.CompleteMessageAsync(first);
            for (var i = 1; i < 40; i++)
            {
                var message = await receiver.Next();
                Expect.Equal($"{i}", message.Body.ToString(), "order");
                await receiver.CompleteMessageAsync(message);
            }
            Expect.Equal(0, await broker.Count(queue, "active"), "what is left");
        }),

        new("peeking sees messages in every state, in order, and changes nothing", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessagesAsync([new("active"), new("deferred"), new("locked")]);
            await sender.ScheduleMessageAsync(new ServiceBusMessage("scheduled"), DateTimeOffset.UtcNow.AddHours(1));
            var received = await receiver.ReceiveMessagesAsync(3, TimeSpan.FromSeconds(5));
            while (received.Count < 3) received = [.. received, await receiver.Next()];
            await receiver.AbandonMessageAsync(received[0]);
            await receiver.DeferMessageAsync(received[1]);
            var peeked = await receiver.PeekMessagesAsync(10, 1);
            Expect.Sequence(
                ["active Active", "deferred Deferred", "locked Active", "scheduled Scheduled"],
                peeked.Select(m => $"{m.Body} {m.State}"), "peeked");
            Expect.Equal("locked", (await receiver.PeekMessageAsync(peeked[2].SequenceNumber)).Body.ToString(), "from a number");
            Expect.True(await receiver.PeekMessageAsync(peeked[3].SequenceNumber + 1) is null, "nothing after the last");
        }),
    ];
}

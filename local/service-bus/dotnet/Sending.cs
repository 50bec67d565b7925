using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Sending
{
    public static readonly Check[] Checks =
    [
        new("a message arrives with all that was set on it", async broker =>
        {
            var (sender, receiver) = await Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage("body")
            {
                MessageId = "id", CorrelationId = "correlation", Subject = "subject", ContentType = "text/plain",
                To = "to", ReplyTo = "reply", ReplyToSessionId = "reply-session", PartitionKey = "key",
                TimeToLive = TimeSpan.FromHours(1),
            });
            var message = await receiver.Next();
            Expect.Sequence(
                ["body", "id", "correlation", "subject", "text/plain", "to", "reply", "reply-session", "key"],
                [message.Body.ToString(), message.MessageId, message.CorrelationId, message.Subject, message.ContentType,
                    message.To, message.ReplyTo, message.ReplyToSessionId, message.PartitionKey],
                "the message");
            Expect.Equal(TimeSpan.FromHours(1), message.TimeToLive, "time to live");
            Expect.Equal(1, message.DeliveryCount, "delivery count");
            Expect.Equal(ServiceBusMessageState.Active, message.State, "state");
            Expect.True(message.SequenceNumber > 0 && message.EnqueuedSequenceNumber == message.SequenceNumber, "numbers");
            Expect.True((DateTimeOffset.UtcNow - message.EnqueuedTime).Duration() < TimeSpan.FromMinutes(1), "enqueued now");
            Expect.True(message.ExpiresAt > message.EnqueuedTime, "it expires");
        }),

        new("application properties keep their types, changed or not", async broker =>
        {
            var (sender, receiver) = await Pair(broker);
            var sent = new ServiceBusMessage("x");
            foreach (var (key, value) in Values()) sent.ApplicationProperties[key] = value;
            await sender.SendMessageAsync(sent);
            var message = await receiver.Next();
            AssertValues(message, "as sent");
            await receiver.AbandonMessageAsync(message, new Dictionary<string, object> { ["attempt"] = 7L });
            message = await receiver.Next();
            AssertValues(message, "after abandoning with a change");
            Expect.Equal<object>(7L, message.ApplicationProperties["attempt"], "the change");
            await receiver.DeadLetterMessageAsync(message, new Dictionary<string, object> { ["why"] = 2.5 }, "reason", "text");
            var dead = await broker.Client().CreateReceiver(receiver.EntityPath,
                new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter }).Next();
            AssertValues(dead, "dead-lettered");
            Expect.Equal<object>(2.5, dead.ApplicationProperties["why"], "the property of the dead letter");
        }),

        new("bodies of AMQP values and sequences arrive as they are", async broker =>
        {
            var (sender, receiver) = await Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage(new AmqpAnnotatedMessage(AmqpMessageBody.FromValue(42))));
            await sender.SendMessageAsync(new ServiceBusMessage(
                new AmqpAnnotatedMessage(AmqpMessageBody.FromSequence([["one", 2L]]))));
            var value = await receiver.Next();
            Expect.True(value.GetRawAmqpMessage().Body.TryGetValue(out var number), "a value");
            Expect.Equal<object?>(42, number, "the value");
            var sequence = await receiver.Next();
            Expect.True(sequence.GetRawAmqpMessage().Body.TryGetSequence(out var items), "a sequence");
            Expect.Sequence(["one", 2L], items!.Single(), "the sequence");
        }),

        new("a batch takes what fits, refuses the rest, and arrives in order", async broker =>
        {
            var (sender, receiver) = await Pair(broker);
            using var batch = await sender.CreateMessageBatchAsync();
            Expect.Equal(262_144L, batch.MaxSizeInBytes, "largest size");
            var count = 0;
            while (batch.TryAddMessage(new ServiceBusMessage(new byte[10_000]) { Subject = $"{count}" })) count++;
            Expect.True(count is > 20 and < 27, $"{count} messages fit");
            await sender.SendMessagesAsync(batch);
            for (var i = 0; i < count; i++) Expect.Equal($"{i}", (await receiver.Next()).Subject, "order");
        }),

        new("a thousand messages are sent at once and received in batches", async broker =>
        {
            var (sender, receiver) = await Pair(broker);
            await sender.SendMessagesAsync(Enumerable.Range(0, 1000).Select(i => new ServiceBusMessage($"{i}")));
            var received = new List<int>();
            while (received.Count < 1000)
            {
                var messages = await receiver.ReceiveMessagesAsync(250, TimeSpan.FromSeconds(5));
                Expect.True(messages.Count > 0, $"messages beyond {received.Count}");
                received.AddRange(messages.Select(m => int.Parse(m.Body.ToString())));
                await Task.WhenAll(messages.Select(m => receiver.CompleteMessageAsync(m)));
            }
            Expect.Equal(1000, received.Distinct().Count(), "different messages");
            Expect.Equal(0, await broker.Count(receiver.EntityPath, "active"), "what is left");
        }),

        new("a duplicate within the window is dropped silently", async broker =>
        {
            var (sender, receiver) = await Pair(broker, new { RequiresDuplicateDetection = true });
            await sender.SendMessageAsync(new ServiceBusMessage("first") { MessageId = "same" });
            await sender.SendMessageAsync(new ServiceBusMessage("second") { MessageId = "same" });
            Expect.Equal("first", (await receiver.Next()).Body.ToString(), "the message");
            await receiver.Nothing();
        }),
    ];

    /// <summary>A sender and a receiver of a new queue.</summary>
    public static async Task<(ServiceBusSender, ServiceBusReceiver)> Pair(Broker broker, object? properties = null)
    {
        var queue = await broker.Queue(properties);
        var client = broker.Client();
        return (client.CreateSender(queue), client.CreateReceiver(queue));
    }

    static Dictionary<string, object> Values() => new()
    {
        ["bool"] = true, ["byte"] = (byte)200, ["sbyte"] = (sbyte)-100, ["short"] = (short)-3, ["ushort"] = (ushort)3,
        ["int"] = -5, ["uint"] = 5u, ["long"] = long.MinValue, ["ulong"] = ulong.MaxValue, ["float"] = 1.5f,
        ["double"] = 1.0, ["decimal"] = 1234567890.0123456789m, ["char"] = 'ß', ["text"] = "ünï", ["guid"] = Guid.Empty,
        ["time"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), ["uri"] = new Uri("https://example.com/"),
        ["offset"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ["span"] = TimeSpan.FromMinutes(61),
    };

    static void AssertValues(ServiceBusReceivedMessage message, string when)
    {
        foreach (var (key, value) in Values())
        {
            var actual = message.ApplicationProperties.TryGetValue(key, out var found) ? found : null;
            Expect.Equal(value.GetType(), actual?.GetType(), $"type of {key} {when}");
            Expect.Equal(value, actual, $"{key} {when}");
        }
    }
}

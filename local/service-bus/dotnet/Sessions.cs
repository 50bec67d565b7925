using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Sessions
{
    public static readonly Check[] Checks =
    [
        new("a session is accepted by its id, in order, with its state", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await Send(client, queue, "a", "a", "b", "a");
            await using (var first = await client.AcceptSessionAsync(queue, "a"))
            {
                Expect.Equal("a", first.SessionId, "session");
                Expect.True(first.SessionLockedUntil > DateTimeOffset.UtcNow, "it is locked");
                Expect.True(await first.GetSessionStateAsync() is null, "no state yet");
                await first.SetSessionStateAsync(new BinaryData("noted"));
                foreach (var expected in new[] { "0", "1", "3" })
                {
                    var message = await first.Next();
                    Expect.Equal(expected, message.Body.ToString(), "order");
                    Expect.Equal("a", message.SessionId, "session of the message");
                    await first.CompleteMessageAsync(message);
                }
                await first.Nothing();
            }
            await using var second = await client.AcceptSessionAsync(queue, "a");
            Expect.Equal("noted", (await second.GetSessionStateAsync()).ToString(), "state");
            await second.SetSessionStateAsync(null);
            Expect.True(await second.GetSessionStateAsync() is null, "the state is cleared");
        }),

        new("the next session with messages is accepted, each by one receiver", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await Send(client, queue, "a", "b");
            await using var first = await client.AcceptNextSessionAsync(queue);
            await using var second = await client.AcceptNextSessionAsync(queue);
            Expect.Sequence(["a", "b"], [first.SessionId, second.SessionId], "sessions");
            var thrown = await Expect.Throws<ServiceBusException>(() => client.AcceptNextSessionAsync(queue), "a third");
            Expect.Equal(ServiceBusFailureReason.ServiceTimeout, thrown.Reason, "reason");
        }),

        new("who waits for a session gets the one that comes", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            var waiting = client.AcceptNextSessionAsync(queue);
            await Task.Delay(500);
            Expect.True(!waiting.IsCompleted, "it waits");
            await Send(client, queue, "late");
            await using var receiver = await waiting;
            Expect.Equal("late", receiver.SessionId, "session");
        }),

        new("a held session cannot be accepted by another", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await using var holder = await client.AcceptSessionAsync(queue, "a");
            var thrown = await Expect.Throws<ServiceBusException>(
                () => broker.Client().AcceptSessionAsync(queue, "a"), "a second acceptance");
            Expect.Equal(ServiceBusFailureReason.SessionCannotBeLocked, thrown.Reason, "reason");
        }),

        new("a session's lock is renewed, and lost when it is not", async broker =>
        {
            var (client, queue) = await WithSessions(broker, "PT2S");
            await Send(client, queue, "a");
            await using var receiver = await client.AcceptSessionAsync(queue, "a");
            var message = await receiver.Next();
            for (var i = 0; i < 4; i++)
            {
                await Task.Delay(800);
                await receiver.RenewSessionLockAsync();
            }
            Expect.True(receiver.SessionLockedUntil > DateTimeOffset.UtcNow, "still locked");
            await Task.Delay(2500);
            // The broker has detached the link with the reason, for which this client counts the receiver as closed.
            Expect.True(receiver.IsClosed, "the receiver is closed");
            await Expect.Throws<ObjectDisposedException>(() => receiver.CompleteMessageAsync(message), "completing");
            await using var next = await broker.Client().AcceptNextSessionAsync(queue);
            Expect.Equal(2, (await next.Next()).DeliveryCount, "the lost delivery counts");
        }),

        new("a session given back does not count as a failed delivery", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await Send(client, queue, "a");
            await using (var receiver = await client.AcceptSessionAsync(queue, "a")) await receiver.Next();
            await using var next = await client.AcceptNextSessionAsync(queue);
            Expect.Equal(1, (await next.Next()).DeliveryCount, "delivery count");
        }),

        new("messages of a session are deferred, peeked and scheduled", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await Send(client, queue, "a", "b");
            await client.CreateSender(queue).ScheduleMessageAsync(
                new ServiceBusMessage("later") { SessionId = "a" }, DateTimeOffset.UtcNow.AddHours(1));
            await using var receiver = await client.AcceptSessionAsync(queue, "a");
            var message = await receiver.Next();
            await receiver.DeferMessageAsync(message);
            Expect.Sequence(["0 Deferred", "later Scheduled"],
                (await receiver.PeekMessagesAsync(10, 1)).Select(m => $"{m.Body} {m.State}"), "peeked in the session");
            await receiver.CompleteMessageAsync(await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber));
        }),

        new("without a session nothing is sent to or received from a queue of sessions", async broker =>
        {
            var (client, queue) = await WithSessions(broker);
            await Expect.Throws<InvalidOperationException>(
                () => client.CreateSender(queue).SendMessageAsync(new ServiceBusMessage("x")), "sending");
            await Expect.Throws<InvalidOperationException>(
                () => client.CreateReceiver(queue).ReceiveMessageAsync(TimeSpan.FromSeconds(1)), "receiving");
            var plain = await broker.Queue();
            await Expect.Throws<InvalidOperationException>(
                () => client.AcceptSessionAsync(plain, "a"), "accepting a session of a plain queue");
        }),
    ];

    static async Task<(ServiceBusClient, string)> WithSessions(Broker broker, string lockDuration = "PT30S")
    {
        var queue = await broker.Queue(new { RequiresSession = true, LockDuration = lockDuration });
        return (broker.Client(), queue);
    }

    /// <summary>One message for each session id; its body is its place.</summary>
    static async Task Send(ServiceBusClient client, string queue, params string[] sessions)
    {
        var sender = client.CreateSender(queue);
        for (var i = 0; i < sessions.Length; i++)
            await sender.SendMessageAsync(new ServiceBusMessage($"{i}") { SessionId = sessions[i] });
    }
}

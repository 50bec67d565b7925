using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Scheduling
{
    public static readonly Check[] Checks =
    [
        new("a scheduled message comes when it is due, under a new number", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            var due = DateTimeOffset.UtcNow.AddSeconds(1);
            var number = await sender.ScheduleMessageAsync(new ServiceBusMessage("later"), due);
            var pending = await receiver.PeekMessageAsync(number);
            Expect.Equal(ServiceBusMessageState.Scheduled, pending.State, "state before");
            Expect.True((pending.ScheduledEnqueueTime - due).Duration() < TimeSpan.FromMilliseconds(2), "when it is due");
            await receiver.Nothing();
            var message = await receiver.Next();
            Expect.True(message.EnqueuedTime >= due - TimeSpan.FromMilliseconds(2), "not before");
            Expect.True(message.SequenceNumber > number, "a new number");
            await receiver.CompleteMessageAsync(message);
        }),

        new("messages are scheduled and taken back many at a time", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            var due = DateTimeOffset.UtcNow.AddMilliseconds(1500);
            var numbers = await sender.ScheduleMessagesAsync([new("1"), new("2"), new("3")], due);
            Expect.Equal(3, numbers.Distinct().Count(), "numbers");
            await sender.CancelScheduledMessagesAsync([numbers[0], numbers[2]]);
            Expect.Equal("2", (await receiver.Next()).Body.ToString(), "the message that is left");
            await receiver.Nothing();
            var thrown = await Expect.Throws<ServiceBusException>(
                () => sender.CancelScheduledMessageAsync(numbers[0]), "taking back again");
            Expect.Equal(ServiceBusFailureReason.MessageNotFound, thrown.Reason, "reason");
        }),

        new("a message may carry its time with it", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessageAsync(
                new ServiceBusMessage("x") { ScheduledEnqueueTime = DateTimeOffset.UtcNow.AddMilliseconds(800) });
            await receiver.Nothing();
            await receiver.Next();
        }),

        new("what is scheduled on a topic is seen there until it is due, then in its subscriptions", async broker =>
        {
            var topic = await broker.Topic("s");
            var client = broker.Client();
            var sender = client.CreateSender(topic);
            var number = await sender.ScheduleMessageAsync(new ServiceBusMessage("x"), DateTimeOffset.UtcNow.AddSeconds(1));
            var cancelled = await sender.ScheduleMessageAsync(new ServiceBusMessage("y"), DateTimeOffset.UtcNow.AddSeconds(1));
            var pending = await client.CreateReceiver(topic).PeekMessageAsync(number);
            Expect.Equal(ServiceBusMessageState.Scheduled, pending.State, "state on the topic");
            await sender.CancelScheduledMessageAsync(cancelled);
            var receiver = client.CreateReceiver(topic, "s");
            Expect.True(await receiver.PeekMessageAsync() is null, "nothing in the subscription yet");
            Expect.Equal("x", (await receiver.Next()).Body.ToString(), "the message");
            await receiver.Nothing();
        }),
    ];
}

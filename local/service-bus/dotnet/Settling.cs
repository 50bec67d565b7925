using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Settling
{
    static readonly ServiceBusReceiverOptions DeadLetters = new() { SubQueue = SubQueue.DeadLetter };

    public static readonly Check[] Checks =
    [
        new("what is abandoned comes again at once, counted", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            for (var count = 1; count <= 3; count++)
            {
                var message = await receiver.Next();
                Expect.Equal(count, message.DeliveryCount, "delivery count");
                await receiver.AbandonMessageAsync(message);
            }
        }),

        new("what is deferred is had by its number, and settled from there", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            var message = await receiver.Next();
            await receiver.DeferMessageAsync(message);
            await receiver.Nothing();
            var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
            Expect.Equal(ServiceBusMessageState.Deferred, deferred.State, "state");
            await receiver.RenewMessageLockAsync(deferred);
            await receiver.CompleteMessageAsync(deferred);
            var thrown = await Expect.Throws<ServiceBusException>(
                () => receiver.ReceiveDeferredMessageAsync(message.SequenceNumber), "receiving it again");
            Expect.Equal(ServiceBusFailureReason.MessageNotFound, thrown.Reason, "reason");
        }),

        new("a dead letter says why and from where", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            await receiver.DeadLetterMessageAsync(await receiver.Next(), "a reason", "a text");
            var dead = await broker.Client().CreateReceiver(receiver.EntityPath, DeadLetters).Next();
            Expect.Sequence(
                ["a reason", "a text", receiver.EntityPath, "1"],
                [dead.DeadLetterReason, dead.DeadLetterErrorDescription, dead.DeadLetterSource, $"{dead.DeliveryCount}"],
                "the dead letter");
        }),

        new("after the last attempt a message is a dead letter", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker, new { MaxDeliveryCount = 2 });
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            await receiver.AbandonMessageAsync(await receiver.Next());
            await receiver.AbandonMessageAsync(await receiver.Next());
            var dead = await broker.Client().CreateReceiver(receiver.EntityPath, DeadLetters).Next();
            Expect.Equal("MaxDeliveryCountExceeded", dead.DeadLetterReason, "reason");
        }),

        new("in the dead-letter queue no delivery counts and none is the last", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker, new { MaxDeliveryCount = 2, LockDuration = "PT0.4S" });
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            await receiver.DeadLetterMessageAsync(await receiver.Next());
            var dead = broker.Client().CreateReceiver(receiver.EntityPath, DeadLetters);
            var first = await dead.Next();
            for (var round = 0; round < 3; round++)
            {
                await dead.AbandonMessageAsync(await dead.Next());
                var unsettled = await dead.Next();
                Expect.Equal(first.DeliveryCount, unsettled.DeliveryCount, "delivery count after abandoning and after expiry");
            }
        }),

        new("a lost lock is said, and the message comes again", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker, new { LockDuration = "PT0.5S" });
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            var message = await receiver.Next();
            var again = await receiver.Next();
            Expect.Equal(2, again.DeliveryCount, "delivery count");
            var thrown = await Expect.Throws<ServiceBusException>(() => receiver.CompleteMessageAsync(message), "completing");
            Expect.Equal(ServiceBusFailureReason.MessageLockLost, thrown.Reason, "reason");
            await receiver.CompleteMessageAsync(again);
        }),

        new("a renewed lock holds longer", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker, new { LockDuration = "PT2S" });
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            var message = await receiver.Next();
            var until = message.LockedUntil;
            for (var i = 0; i < 4; i++)
            {
                await Task.Delay(800);
                await receiver.RenewMessageLockAsync(message);
            }
            Expect.True(message.LockedUntil > until, "the lock's end moved");
            await receiver.CompleteMessageAsync(message);
        }),

        new("a message whose receiver is closed is settled by its lock token", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await sender.SendMessageAsync(new ServiceBusMessage("x"));
            var message = await receiver.Next();
            await receiver.CloseAsync();
            await broker.Client().CreateReceiver(receiver.EntityPath).CompleteMessageAsync(message);
            Expect.Equal(0, await broker.Count(receiver.EntityPath, "active"), "what is left");
        }),

        new("an expired message is a dead letter where the queue wants it", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker, new { DeadLetteringOnMessageExpiration = true });
            await sender.SendMessageAsync(new ServiceBusMessage("x") { TimeToLive = TimeSpan.FromMilliseconds(300) });
            await Task.Delay(400);
            await receiver.Nothing();
            var dead = await broker.Client().CreateReceiver(receiver.EntityPath, DeadLetters).Next();
            Expect.Equal("TTLExpiredException", dead.DeadLetterReason, "reason");
        }),
    ];
}

using System.Transactions;
using Azure.Messaging.ServiceBus;

namespace ServiceBusChecks;

static class Refusals
{
    public static readonly Check[] Checks =
    [
        new("an entity that is not there is named with its address, whoever asks", async broker =>
        {
            var client = broker.Client();
            var topic = await broker.Topic("s");
            Func<Task>[] attempts =
            [
                () => client.CreateSender("nowhere").SendMessageAsync(new ServiceBusMessage("x")),
                () => client.CreateReceiver("nowhere").ReceiveMessageAsync(TimeSpan.FromSeconds(1)),
                () => client.CreateReceiver("nowhere").PeekMessageAsync(),
                () => client.AcceptNextSessionAsync("nowhere"),
                () => client.CreateReceiver(topic, "nowhere").ReceiveMessageAsync(TimeSpan.FromSeconds(1)),
            ];
            foreach (var attempt in attempts)
            {
                var thrown = await Expect.Throws<ServiceBusException>(attempt, "using it");
                Expect.Equal(ServiceBusFailureReason.MessagingEntityNotFound, thrown.Reason, "reason");
                Expect.True(thrown.Message.Contains($"'sb://{broker.Host}/"), thrown.Message);
                Expect.True(thrown.Message.Contains("nowhere"), thrown.Message);
            }
        }),

        new("a message beyond the limit is refused for its size", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            var thrown = await Expect.Throws<ServiceBusException>(
                () => sender.SendMessageAsync(new ServiceBusMessage(new byte[300_000])), "sending");
            Expect.Equal(ServiceBusFailureReason.MessageSizeExceeded, thrown.Reason, "reason");
            await sender.SendMessageAsync(new ServiceBusMessage("small"));
            await receiver.Next();
        }),

        new("a refused token is said as such", async broker =>
        {
            var queue = await broker.Queue();
            await broker.Fault(new { kind = "refuse-cbs", entity = queue });
            await Expect.Throws<UnauthorizedAccessException>(
                () => broker.Client().CreateSender(queue).SendMessageAsync(new ServiceBusMessage("x")), "sending");
        }),

        new("transactions are refused as not supported, and nothing is sent", async broker =>
        {
            var (sender, receiver) = await Sending.Pair(broker);
            await Expect.Throws<NotSupportedException>(async () =>
            {
                using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
                await sender.SendMessageAsync(new ServiceBusMessage("x"));
                scope.Complete();
            }, "sending in a transaction");
            Expect.Equal(0, await broker.Count(receiver.EntityPath, "active"), "what was sent");
            await sender.SendMessageAsync(new ServiceBusMessage("outside"));
            Expect.Equal("outside", (await receiver.Next()).Body.ToString(), "the client works on");
        }),

        new("a client that is set up for transactions across entities is refused at once", async broker =>
        {
            var sender = broker.Client(crossEntityTransactions: true).CreateSender(await broker.Queue());
            await Expect.Throws<NotSupportedException>(() => sender.SendMessageAsync(new ServiceBusMessage("x")), "sending");
        }),
    ];
}

using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;

namespace ServiceBusChecks;

static class Rules
{
    public static readonly Check[] Checks =
    [
        new("a new subscription has the default rule, which takes everything", async broker =>
        {
            var (manager, _, _) = await With(broker);
            var rules = await List(manager);
            Expect.Sequence([RuleProperties.DefaultRuleName], rules.Select(rule => rule.Name), "rules");
            Expect.True(rules.Single().Filter is TrueRuleFilter, $"a filter that is true, not {rules.Single().Filter}");
        }),

        new("a correlation filter takes what is equal in all that it names", async broker =>
        {
            var (manager, sender, receiver) = await With(broker);
            await manager.DeleteRuleAsync(RuleProperties.DefaultRuleName);
            await manager.CreateRuleAsync("orders", new CorrelationRuleFilter
            {
                Subject = "order", CorrelationId = "c", ApplicationProperties = { ["region"] = "west", ["size"] = 3 },
            });
            var filter = (CorrelationRuleFilter)(await List(manager)).Single().Filter;
            Expect.Sequence(["order", "c", "west"],
                [filter.Subject, filter.CorrelationId, filter.ApplicationProperties["region"]], "the filter as listed");
            Expect.Equal<object>(3, filter.ApplicationProperties["size"], "a number in it");
            await sender.SendMessagesAsync(
            [
                Message("no", "order", "c", ("region", "east"), ("size", 3)),
                Message("no", "order", null, ("region", "west"), ("size", 3)),
                Message("no", "order", "c", ("region", "west")),
                Message("yes", "order", "c", ("region", "west"), ("size", 3)),
            ]);
            await OnlyThese(receiver, "yes");
        }),

        new("a SQL filter takes what its expression holds for", async broker =>
        {
            var (manager, sender, receiver) = await With(broker);
            await manager.DeleteRuleAsync(RuleProperties.DefaultRuleName);
            await manager.CreateRuleAsync("sql", new SqlRuleFilter(
                "sys.Label LIKE 'ord%' AND (quantity > 10 OR region IN ('north', 'south')) AND note IS NULL AND NOT EXISTS(skip)"));
            await sender.SendMessagesAsync(
            [
                Message("1", "order", null, ("quantity", 11)),
                Message("no", "order", null, ("quantity", 10)),
                Message("2", "ordinal", null, ("quantity", 1), ("region", "south")),
                Message("no", "other", null, ("quantity", 11)),
                Message("no", "order", null, ("quantity", 11), ("note", "x")),
                Message("no", "order", null, ("quantity", 11), ("skip", true)),
            ]);
            await OnlyThese(receiver, "1", "2");
            var rule = (await List(manager)).Single();
            Expect.True(rule.Filter is SqlRuleFilter sql && sql.SqlExpression.StartsWith("sys.Label LIKE"), "listed");
        }),

        new("an action changes the copy that its rule let in", async broker =>
        {
            var (manager, sender, receiver) = await With(broker);
            await manager.DeleteRuleAsync(RuleProperties.DefaultRuleName);
            await manager.CreateRuleAsync(new CreateRuleOptions("act", new TrueRuleFilter())
            {
                Action = new SqlRuleAction("SET sys.Label = 'seen'; SET priority = 5; REMOVE secret"),
            });
            await sender.SendMessageAsync(Message("x", "order", null, ("secret", "s"), ("kept", 1L)));
            var message = await receiver.Next();
            Expect.Equal("seen", message.Subject, "subject");
            Expect.Equal<object>(1L, message.ApplicationProperties["kept"], "what it does not name");
            Expect.True(!message.ApplicationProperties.ContainsKey("secret"), "removed");
            Expect.Equal<object>(5L, message.ApplicationProperties["priority"], "set");
            Expect.True((await List(manager)).Single().Action is SqlRuleAction, "the action is listed");
        }),

        new("several rules let one copy in; without any nothing comes", async broker =>
        {
            var (manager, sender, receiver) = await With(broker);
            await manager.CreateRuleAsync("more", new TrueRuleFilter());
            await sender.SendMessageAsync(Message("once", "x", null));
            await OnlyThese(receiver, "once");
            await manager.DeleteRuleAsync("more");
            await manager.DeleteRuleAsync(RuleProperties.DefaultRuleName);
            await sender.SendMessageAsync(Message("lost", "x", null));
            await receiver.Nothing();
            await manager.CreateRuleAsync("none", new FalseRuleFilter());
            await sender.SendMessageAsync(Message("lost too", "x", null));
            await receiver.Nothing();
        }),

        new("rules that are there, are not there, or cannot be read are refused by name", async broker =>
        {
            var (manager, _, _) = await With(broker);
            var exists = await Expect.Throws<ServiceBusException>(
                () => manager.CreateRuleAsync(RuleProperties.DefaultRuleName, new TrueRuleFilter()), "making it again");
            Expect.Equal(ServiceBusFailureReason.MessagingEntityAlreadyExists, exists.Reason, "reason");
            var missing = await Expect.Throws<ServiceBusException>(() => manager.DeleteRuleAsync("nobody"), "deleting");
            Expect.Equal(ServiceBusFailureReason.MessagingEntityNotFound, missing.Reason, "reason");
            Expect.True(missing.Message.Contains("nobody"), missing.Message);
            await Expect.Throws<ArgumentException>(
                () => manager.CreateRuleAsync("bad", new SqlRuleFilter("a = = 1")), "a bad expression");
        }),
    ];

    static async Task<(ServiceBusRuleManager, ServiceBusSender, ServiceBusReceiver)> With(Broker broker)
    {
        var topic = await broker.Topic("s");
        var client = broker.Client();
        return (client.CreateRuleManager(topic, "s"), client.CreateSender(topic), client.CreateReceiver(topic, "s"));
    }

    static async Task<List<RuleProperties>> List(ServiceBusRuleManager manager)
    {
        var rules = new List<RuleProperties>();
        await foreach (var rule in manager.GetRulesAsync()) rules.Add(rule);
        return rules;
    }

    static ServiceBusMessage Message(
        string body, string subject, string? correlationId, params (string Key, object Value)[] properties)
    {
        var message = new ServiceBusMessage(body) { Subject = subject, CorrelationId = correlationId };
        foreach (var (key, value) in properties) message.ApplicationProperties[key] = value;
        return message;
    }

    static async Task OnlyThese(ServiceBusReceiver receiver, params string[] bodies)
    {
        foreach (var body in bodies)
        {
            var message = await receiver.Next();
            Expect.Equal(body, message.Body.ToString(), "the message let in");
            await receiver.CompleteMessageAsync(message);
        }
        await receiver.Nothing();
    }
}

namespace ServiceBusChecks;

/// <summary>What the client must be able to do with a broker; throws where it cannot.</summary>
record Check(string Title, Func<Broker, Task> Run);

/// <summary>Thrown where a broker's answer is not the expected one.</summary>
class CheckFailed(string message) : Exception(message);

/// <summary>The few assertions that the checks need.</summary>
static class Expect
{
    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new CheckFailed($"{what}: expected {expected}, got {actual}");
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what) =>
        Equal(string.Join(", ", expected), string.Join(", ", actual), what);

    public static void True(bool holds, string what)
    {
        if (!holds) throw new CheckFailed(what);
    }

    public static T NotNull<T>(T? value, string what) where T : class =>
        value ?? throw new CheckFailed($"{what} is missing");

    public static async Task<TException> Throws<TException>(Func<Task> action, string what) where TException : Exception
    {
        try
        {
            await action();
        }
        catch (TException thrown)
        {
            return thrown;
        }
        throw new CheckFailed($"{what} should have thrown {typeof(TException).Name}");
    }

    /// <summary>Waits for something that must not take longer than twenty seconds, and says what it was.</summary>
    public static async Task InTime(this Task task, string what)
    {
        if (await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(20))) != task) throw new CheckFailed($"{what} hangs");
        await task;
    }

    /// <summary>Waits until a condition holds, for at most twenty seconds.</summary>
    public static async Task Soon(Func<bool> condition, string what)
    {
        for (var left = 1000; left > 0; left--)
        {
            if (condition()) return;
            await Task.Delay(20);
        }
        throw new CheckFailed($"waited in vain until {what}");
    }
}

using System;
using System.Runtime.CompilerServices;

namespace nanoFramework.TestFramework;

/// <summary>The asserts that the device's tests use. A failing one throws <see cref="AssertFailedException"/>; a passing one allocates nothing.</summary>
public static class Assert
{
    public static void AreEqual(int expected, int actual, [CallerArgumentExpression("actual")] string message = "")
    {
        if (expected != actual)
        {
            Fail($"Expected <{expected}>, was <{actual}>", message);
        }
    }

    public static void AreEqual(long expected, long actual, [CallerArgumentExpression("actual")] string message = "")
    {
        if (expected != actual)
        {
            Fail($"Expected <{expected}>, was <{actual}>", message);
        }
    }

    public static void AreEqual(string expected, string actual, [CallerArgumentExpression("actual")] string message = "")
    {
        if (expected != actual)
        {
            Fail($"Expected <{expected}>, was <{actual}>", message);
        }
    }

    public static void IsTrue(bool condition, [CallerArgumentExpression("condition")] string message = "")
    {
        if (!condition)
        {
            Fail("Expected true", message);
        }
    }

    public static void IsFalse(bool condition, [CallerArgumentExpression("condition")] string message = "")
    {
        if (condition)
        {
            Fail("Expected false", message);
        }
    }

    public static void IsNull(object? value, [CallerArgumentExpression("value")] string message = "")
    {
        if (value is not null)
        {
            Fail($"Expected null, was <{value}>", message);
        }
    }

    /// <summary>Takes exactly that type of exception, none derived from it.</summary>
    public static void ThrowsException(Type exception, Action action, [CallerArgumentExpression("action")] string message = "")
    {
        Type? thrown = null;
        try
        {
            action();
        }
        catch (Exception e)
        {
            thrown = e.GetType();
        }

        if (thrown != exception)
        {
            Fail($"Expected {exception.Name}, was {thrown?.Name ?? "no exception"}", message);
        }
    }

    private static void Fail(string what, string message) => throw new AssertFailedException($"{what}: {message}");
}

/// <summary>What a failing assert throws.</summary>
public sealed class AssertFailedException : Exception
{
    public AssertFailedException(string message)
        : base(message)
    {
    }
}

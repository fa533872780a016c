using System;
using Xunit;
using Assert = Xunit.Assert;
using DeviceAssert = nanoFramework.TestFramework.Assert;

namespace Ws.Micro.NanoTests.Desktop.Tests;

/// <summary>The asserts that stand in for the device's fail where those do, and say why.</summary>
public sealed class TestFrameworkTests
{
    [Fact]
    public void What_holds_passes()
    {
        DeviceAssert.AreEqual(1, 1);
        DeviceAssert.AreEqual(1L << 40, 1L << 40);
        DeviceAssert.AreEqual("a", "a");
        DeviceAssert.IsTrue(true);
        DeviceAssert.IsFalse(false);
        DeviceAssert.IsNull(null);
        DeviceAssert.ThrowsException(typeof(ArgumentException), () => throw new ArgumentException("a"));
    }

    [Fact]
    public void What_does_not_hold_fails()
    {
        Fails("Expected <1>, was <2>: why", () => DeviceAssert.AreEqual(1, 2, "why"));
        Fails("Expected <1>, was <4294967297>: why", () => DeviceAssert.AreEqual(1, (1L << 32) + 1, "why"));
        Fails("Expected <a>, was <A>: why", () => DeviceAssert.AreEqual("a", "A", "why"));
        Fails("Expected true: why", () => DeviceAssert.IsTrue(false, "why"));
        Fails("Expected false: why", () => DeviceAssert.IsFalse(true, "why"));
        Fails("Expected null, was <a>: why", () => DeviceAssert.IsNull("a", "why"));
        Fails("Expected ArgumentException, was no exception: why", () => DeviceAssert.ThrowsException(typeof(ArgumentException), () => { }, "why"));
        Fails(
            "Expected ArgumentException, was ArgumentNullException: why",
            () => DeviceAssert.ThrowsException(typeof(ArgumentException), () => throw new ArgumentNullException("a"), "why"));
    }

    private static void Fails(string message, Action action) =>
        Assert.Equal(message, Assert.Throws<nanoFramework.TestFramework.AssertFailedException>(action).Message);
}

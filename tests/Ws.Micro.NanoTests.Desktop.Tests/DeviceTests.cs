using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using nanoFramework.TestFramework;
using Xunit;
using Assert = Xunit.Assert;
using TestClassAttribute = nanoFramework.TestFramework.TestClassAttribute;

namespace Ws.Micro.NanoTests.Desktop.Tests;

/// <summary>Each of the device's tests as one test.</summary>
public sealed class DeviceTests
{
    // What a test may allocate in all, here, where objects take about as much as on the device: no board is too small for that, even where
    // nothing is collected.
    private const int MaxAllocated = 80 * 1024;

    private readonly ITestOutputHelper _output;

    public DeviceTests(ITestOutputHelper output) => _output = output;

    public static IEnumerable<TheoryDataRow<string, string>> All =>
        from type in Launcher.Classes
        from method in Launcher.Methods<TestMethodAttribute>(type)
        select new TheoryDataRow<string, string>(type.Name, method.Name) { TestDisplayName = type.Name + "." + method.Name };

    [Theory]
    [MemberData(nameof(All))]
    public void Passes(string type, string test)
    {
        Type found = Launcher.Classes.Single(candidate => candidate.Name == type);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Launcher.Run(found, test);

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _output.WriteLine($"{allocated} bytes allocated");
        Assert.True(allocated <= MaxAllocated, $"It allocates {allocated} bytes; a test for the device may take {MaxAllocated}.");
    }

    [Fact]
    public void A_classs_tests_pass_one_after_another_too()
    {
        foreach (Type type in Launcher.Classes)
        {
            Launcher.Run(type);
        }
    }

    [Fact]
    public void The_launcher_on_the_device_finds_every_test_and_can_call_it()
    {
        MethodInfo[] marked = (
            from type in typeof(DeviceTests).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where method.GetCustomAttributes(false).Any(attribute => attribute is TestMethodAttribute or SetupAttribute or CleanupAttribute)
            select method).ToArray();

        Assert.NotEmpty(marked);
        Assert.All(marked, method =>
        {
            Assert.True(method.DeclaringType!.IsPublic && method.DeclaringType.IsDefined(typeof(TestClassAttribute), false), "The class is a public test class.");
            Assert.True(method.IsPublic && method.IsStatic, "It is called without an instance.");
            Assert.Empty(method.GetParameters());
            Assert.Equal(typeof(void), method.ReturnType);
        });
    }
}

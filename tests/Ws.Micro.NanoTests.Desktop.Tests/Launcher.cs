using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using nanoFramework.TestFramework;

namespace Ws.Micro.NanoTests.Desktop.Tests;

/// <summary>Finds and runs the device's tests as the launcher on the device does: methods by their attributes, without an instance.</summary>
internal static class Launcher
{
    public static IEnumerable<Type> Classes { get; } =
        typeof(Launcher).Assembly.GetTypes().Where(type => type.IsDefined(typeof(TestClassAttribute), false)).OrderBy(type => type.Name).ToArray();

    public static IEnumerable<MethodInfo> Methods<TAttribute>(Type type)
        where TAttribute : Attribute =>
        type.GetMethods().Where(method => method.IsDefined(typeof(TAttribute), false));

    /// <summary>One test, between what its class runs before and after all.</summary>
    public static void Run(Type type, string test)
    {
        RunAll<SetupAttribute>(type);
        Invoke(Methods<TestMethodAttribute>(type).Single(method => method.Name == test));
        RunAll<CleanupAttribute>(type);
    }

    /// <summary>A class's tests one after another.</summary>
    public static void Run(Type type)
    {
        RunAll<SetupAttribute>(type);
        RunAll<TestMethodAttribute>(type);
        RunAll<CleanupAttribute>(type);
    }

    private static void RunAll<TAttribute>(Type type)
        where TAttribute : Attribute
    {
        foreach (MethodInfo method in Methods<TAttribute>(type))
        {
            Invoke(method);
        }
    }

    private static void Invoke(MethodInfo method) => method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null);
}

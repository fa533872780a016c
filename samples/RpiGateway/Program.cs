using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using RpiGateway;
using RpiGateway.Access;
using RpiGateway.Settings;

// Exit codes: 0 after a stop that was asked for, or a verb that was done; 1 when it cannot be done, such as listen on an address; 2 when a setting or
// a verb is wrong.

if (Array.Exists(args, static arg => arg is "--help" or "-h"))
{
    Console.Out.WriteLine(GatewaySettings.Help);
    return 0;
}

bool isVerb = AccessCommands.TryParse(args, out string[] words, out string[] options);
GatewaySettings settings;
try
{
    settings = GatewaySettings.Load(isVerb ? options : args);
}
catch (SettingException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

if (isVerb)
{
    return new AccessCommands(settings.DataDirectory, Console.Out, Console.Error).Run(words);
}

Gateway gateway;
try
{
    gateway = await Gateway.StartAsync(settings, Console.Out);
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

await using (gateway)
{
    await Task.Delay(Timeout.Infinite, gateway.StopRequested).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    await gateway.StopAsync();
    return 0;
}

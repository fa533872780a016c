using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using RpiGateway;
using RpiGateway.Settings;

// Exit codes: 0 after a stop that was asked for, 1 when an address cannot be listened on, 2 when a setting is wrong.
if (Array.Exists(args, static arg => arg is "--help" or "-h"))
{
    Console.Out.WriteLine(GatewaySettings.Help);
    return 0;
}

GatewaySettings settings;
try
{
    settings = GatewaySettings.Load(args);
}
catch (SettingException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

Gateway gateway;
try
{
    gateway = await Gateway.StartAsync(settings, Console.Out);
}
catch (IOException error)
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

using System;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;

namespace RpiGateway.Monitoring;

/// <summary>
/// Tells systemd how the gateway is (sd_notify(3)): ready, alive, stopping. Where no service manager has started it, nothing is told. For any thread.
/// </summary>
internal sealed class ServiceManager
{
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly ILogger _logger;
    private readonly TimeSpan? _watchdog;

    /// <param name="notifySocket">NOTIFY_SOCKET: a path, or a name in the abstract namespace after an '@'; null or empty for none.</param>
    /// <param name="watchdog">WATCHDOG_USEC: microseconds after which a silent program is killed; null for none.</param>
    /// <param name="logger">For what cannot be told.</param>
    public ServiceManager(string? notifySocket, string? watchdog, ILogger logger)
    {
        _logger = logger;
        if (!string.IsNullOrEmpty(notifySocket))
        {
            _address = new UnixDomainSocketEndPoint(notifySocket[0] == '@' ? '\0' + notifySocket[1..] : notifySocket);
            if (long.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
            {
                // Often enough that one that comes late is no harm.
                _watchdog = TimeSpan.FromMicroseconds(Math.Min(microseconds, TimeSpan.MaxValue.TotalMicroseconds / 2)) / 3;
            }
        }
    }

    /// <summary>Of whoever started this process.</summary>
    public static ServiceManager FromEnvironment(ILogger logger) =>
        new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"), logger);

    /// <summary>The gateway listens.</summary>
    public void TellReady() => Tell("READY=1");

    /// <summary>The gateway is stopping.</summary>
    public void TellStopping() => Tell("STOPPING=1");

    /// <summary>Says again and again that the gateway is alive, as long as it is, so that one that hangs is started anew; until cancelled.</summary>
    public async Task FeedWatchdogAsync(Liveness liveness, CancellationToken stopping)
    {
        if (_watchdog is not { } interval)
        {
            return;
        }

        while (!stopping.IsCancellationRequested)
        {
            if (liveness.FindFault() is { } fault)
            {
                _logger.LogError("The watchdog is not fed: {Fault}", fault);
            }
            else
            {
                Tell("WATCHDOG=1");
            }

            await Task.Delay(interval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(string state)
    {
        if (_address is null)
        {
            return;
        }

        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.ASCII.GetBytes(state), _address);
        }
        catch (SocketException error)
        {
            _logger.LogWarning("The service manager cannot be told {State}: {Trouble}", state, error.Message);
        }
    }
}

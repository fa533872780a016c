using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using RpiGateway.Readings;

namespace RpiGateway.Sensors;

/// <summary>
/// A sensor without a subprotocol: each message, text or binary, is one reading. The next is read once the one before is on disk, so that the
/// sensor is slowed to that pace, and the gateway holds one reading.
/// </summary>
internal sealed class PlainConnection(string id, ReadingLog log, ILogger logger) : SensorConnection(id, 0, logger), IReadingOwner
{
    /// <summary>The largest reading in bytes, where the settings allow no less.</summary>
    public const int MaxReadingSize = 64 * 1024;

    private TaskCompletionSource _stored = new();

    /// <inheritdoc/>
    public bool OnStored(Reading reading) => true;

    /// <inheritdoc/>
    public void TellStored() => _stored.TrySetResult();

    protected override async Task ServeAsync(CancellationToken givingUp)
    {
        try
        {
            while (await ReceiveAsync())
            {
                _stored = new TaskCompletionSource();
                await log.AppendAsync(new Reading { Sensor = Id, IsPlain = true, Payload = [.. Message], Arrived = Now(), Owner = this }, givingUp);
                await _stored.Task.WaitAsync(givingUp);
            }
        }
        finally
        {
            // That goes on on the log's thread, which has no part in the end of a connection.
            await Task.Yield();
        }

        await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
    }
}

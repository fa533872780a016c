using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using RpiGateway.Readings;

namespace RpiGateway.Sensors;

/// <summary>
/// A sensor without a subprotocol: each message, text or binary, is one reading. The next is read once the one before is safe, so that the
/// sensor is slowed to that pace, and the gateway holds one reading.
/// </summary>
internal sealed class PlainConnection(string id, ReadingInbox inbox, ILogger logger) : SensorConnection(id, MaxReadingSize, logger)
{
    /// <summary>The largest reading in bytes.</summary>
    public const int MaxReadingSize = 64 * 1024;

    protected override async Task ServeAsync(CancellationToken givingUp)
    {
        while (await ReceiveAsync())
        {
            if (!await inbox.TakeAsync(Id, Message, givingUp))
            {
                await RefuseAsync(WebSocketCloseStatus.MessageTooBig, $"the broker takes no reading of {Message.Count} bytes");
                return;
            }
        }

        await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
    }
}

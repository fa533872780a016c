using System.Threading;

namespace Ws.Micro.Net;

public static partial class WebSocketClient
{
    static partial void MakeBackground(Thread thread) => thread.IsBackground = true;
}

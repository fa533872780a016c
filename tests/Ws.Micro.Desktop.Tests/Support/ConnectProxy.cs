using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>A small HTTP proxy for CONNECT (RFC 9110 §9.3.6), which wants "user" and "päss" where so told, and notes the requests.</summary>
internal sealed class ConnectProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly bool _wantsCredentials;

    internal ConnectProxy(bool wantsCredentials)
    {
        _wantsCredentials = wantsCredentials;
        _listener.Start();
        _ = ServeAsync();
    }

    internal Uri Uri => new($"http://{_listener.LocalEndpoint}");

    internal List<string> Requests { get; } = [];

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = TunnelAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (SocketException)
        {
            // Disposed.
        }
    }

    private async Task TunnelAsync(Socket client)
    {
        using NetworkStream near = new(client, ownsSocket: true);
        string head = await RawHttp.ReadHeadAsync(near);
        lock (Requests)
        {
            Requests.Add(head);
        }

        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:päss"));
        if (_wantsCredentials && RawHttp.Header(head, "Proxy-Authorization") != basic)
        {
            await near.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            return;
        }

        string[] target = head.Split(' ')[1].Split(':');
        using TcpClient server = new();
        await server.ConnectAsync(target[0], int.Parse(target[1]));
        NetworkStream far = server.GetStream();
        await near.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
        await Task.WhenAny(near.CopyToAsync(far), far.CopyToAsync(near));
    }
}

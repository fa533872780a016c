using System;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>Asks for an upgrade to WebSocket with any headers.</summary>
internal static class Upgrade
{
    private static readonly HttpClient Client = new();

    public static async Task<HttpResponseMessage> AskAsync(Uri url, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = Request(url, headers);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).InTime();
    }

    public static HttpRequestMessage Request(Uri url, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(url) { Scheme = url.Scheme == "wss" ? "https" : "http" }.Uri);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>The header of HTTP Basic.</summary>
    public static (string Name, string Value) Basic(string name, string secret) =>
        ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{secret}")));
}

using System.Text;
using Microsoft.Extensions.Primitives;
using Ws.Micro.Handshake;

namespace Ws.Micro.AspNetCore;

/// <summary>
/// What is agreed to of clients' offers (RFC 7692 §5.1). Most clients offer the same, so the last answer is kept, and a crowd that connects leaves
/// no garbage behind. Safe for use by several threads.
/// </summary>
internal sealed class DeflateChoice(PerMessageDeflateOptions options)
{
    private readonly DeflateOptions _fitting = options.Fit();
    private Agreement? _last;

    /// <param name="offers">The Sec-WebSocket-Extensions headers.</param>
    public Agreement For(StringValues offers)
    {
        string text = offers.ToString();
        Agreement? last = _last;
        if (last?.Offers != text)
        {
            byte[] list = Encoding.UTF8.GetBytes(text);
            DeflateParameters? agreed = DeflateNegotiation.Accept(list, 0, list.Length, _fitting);
            _last = last = new Agreement(text, agreed, agreed is null ? null : DeflateNegotiation.WriteResponse(agreed));
        }

        return last;
    }

    /// <summary>An answer to offers; without parameters where none is allowed.</summary>
    public sealed record Agreement(string Offers, DeflateParameters? Parameters, string? Response);
}

using System;
using System.Security.Cryptography.X509Certificates;
using Ws.Micro.Framing;

namespace Ws.Micro.Net;

/// <summary>What a connection may cost, in memory and time. Sizes are in bytes; times in milliseconds, at least 1 where nothing else is said. Sizes and
/// all else are read when the connection is made; the times of sending, closing and keep-alive each time that they count.</summary>
/// <remarks>Fields: on the device a property costs a hundred bytes of flash.</remarks>
public abstract partial class WebSocketOptions
{
    /// <summary>The smallest buffer that holds any control frame.</summary>
    public const int MinBufferSize = 160;

    /// <summary>The receive buffer, at least <see cref="MinBufferSize"/>: the largest part of a message handed over at once. Default 512.</summary>
    public int ReceiveBufferSize = 512;

    /// <summary>The send buffer, at least <see cref="MinBufferSize"/>: messages go out in writes of this size. Default 512.</summary>
    public int SendBufferSize = 512;

    /// <summary>The buffer for either side's head of the opening handshake, freed after it. At least 256. Default 2048.</summary>
    public int HandshakeBufferSize = 2048;

    /// <summary>The largest message accepted; a larger one is answered with close code 1009. Default 16 MiB; it costs no memory.</summary>
    public long MaxMessageSize = Limits.DefaultMaxMessageSize;

    /// <summary>From the first step to the end of the opening handshake. Default 15,000.</summary>
    public int ConnectTimeout = 15000;

    /// <summary>For each write. Default 10,000.</summary>
    public int SendTimeout = 10000;

    /// <summary>For the closing handshake and the end of the connection under it. Default 3,000.</summary>
    public int CloseTimeout = 3000;

    /// <summary>After this long without a byte from the peer a ping is sent, within a call of Receive. 0: never. Default 30,000.</summary>
    public int KeepAliveInterval = 30000;

    /// <summary>How long after that ping the peer may stay silent before the connection counts as lost. Default 15,000.</summary>
    public int KeepAliveTimeout = 15000;

    /// <summary>Subprotocols in order of preference: those to offer as a client, those to accept as a server. Default none.</summary>
    public string[] Subprotocols = new string[0];

    internal void Validate()
    {
        Check(ReceiveBufferSize, MinBufferSize, "ReceiveBufferSize");
        Check(SendBufferSize, MinBufferSize, "SendBufferSize");
        Check(HandshakeBufferSize, 256, "HandshakeBufferSize");
        Check(MaxMessageSize, 0, "MaxMessageSize");
        Check(ConnectTimeout, 1, "ConnectTimeout");
        Check(SendTimeout, 1, "SendTimeout");
        Check(CloseTimeout, 1, "CloseTimeout");
        Check(KeepAliveInterval, 0, "KeepAliveInterval");
        Check(KeepAliveTimeout, 1, "KeepAliveTimeout");
        ValidateDeflate();
    }

    partial void ValidateDeflate();

    private static void Check(long value, int least, string name)
    {
        if (value < least)
        {
            string found = name + " is " + value.ToString();
            throw new ArgumentOutOfRangeException(name, found + "; it must be at least " + least.ToString());
        }
    }
}

/// <summary>Settings of a client.</summary>
public sealed class WebSocketClientOptions : WebSocketOptions
{
    /// <summary>Further headers of the request, each as "Name: value".</summary>
    public string[] Headers = new string[0];

    /// <summary>With wss, the only root that the server's certificate may come from; null: those that the system, or the device's store, trusts.</summary>
    public X509Certificate? RootCertificate;

    /// <summary>With wss, the certificate that shows who we are; null: none.</summary>
    public X509Certificate? ClientCertificate;

    /// <summary>With wss, takes any certificate from anybody: no protection against a peer in the middle.</summary>
    public bool DangerousAcceptAnyCertificate;
}

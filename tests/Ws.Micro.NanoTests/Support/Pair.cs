using System;
using nanoFramework.TestFramework;
using Ws.Micro.Handshake;

namespace Ws.Micro.NanoTests.Support;

/// <summary>
/// A client and a server in one interpreter, connected by nothing but buffers. The opening handshake is carried through them too, and agrees
/// on a subprotocol and, where both want it, on permessage-deflate.
/// </summary>
internal sealed class Pair
{
    /// <summary>What the client offers, in order of preference, and the server takes.</summary>
    public const string Subprotocol = "telemetry";

    private const int HeadSize = 320;

    /// <param name="windowBits">The window of permessage-deflate both ways; 0: none is offered.</param>
    /// <param name="pieceSize">How many bytes arrive at a time.</param>
    public Pair(int windowBits, int pieceSize)
    {
        DeflateOptions? offered = windowBits == 0 ? null : new DeflateOptions { MaxSendWindowBits = windowBits, MaxReceiveWindowBits = windowBits };
        byte[] wire = new byte[HeadSize];

        ClientHandshake client = new(new byte[HeadSize], Bytes.Of(Heads.Nonce), new[] { "mqtt", Subprotocol }, offered);
        int count = client.WriteRequest(wire, "gateway:5080", "/sensors/attic", new string[0]);

        ServerHandshake server = new(new byte[HeadSize]);
        HandshakeStatus status = HandshakeStatus.NeedMore;
        for (int at = 0; at < count; at += pieceSize)
        {
            status = server.Read(Put(server.Head, wire, at, count, pieceSize));
        }

        Assert.AreEqual((int)HandshakeStatus.Done, (int)status, "the request");
        Path = server.GetPath();
        DeflateParameters? agreed = server.SelectDeflate(new DeflateOptions());
        byte[] answer = Heads.Answer(server, server.SelectSubprotocol(new[] { Subprotocol }), agreed);

        for (int at = 0; at < answer.Length; at += pieceSize)
        {
            status = client.Read(Put(client.Head, answer, at, answer.Length, pieceSize));
        }

        Assert.AreEqual((int)HandshakeStatus.Done, (int)status, "the answer");
        Chosen = client.Subprotocol;
        AtClient = client.Deflate;
        AtServer = agreed;
        Client = new Peer(false, AtClient, pieceSize);
        Server = new Peer(true, AtServer, pieceSize);
        Client.Other = Server;
        Server.Other = Client;
    }

    /// <summary>The path, as the server read it.</summary>
    public string Path { get; }

    /// <summary>The subprotocol, as the client read it.</summary>
    public string? Chosen { get; }

    /// <summary>What the client takes to be agreed for permessage-deflate.</summary>
    public DeflateParameters? AtClient { get; }

    /// <summary>What the server does.</summary>
    public DeflateParameters? AtServer { get; }

    public Peer Client { get; }

    public Peer Server { get; }

    /// <summary>Lets each read until nothing is on its way.</summary>
    public void Settle()
    {
        do
        {
            Client.Read();
            Server.Read();
        }
        while (Client.HasInput || Server.HasInput);
    }

    private static int Put(HttpHead head, byte[] bytes, int at, int end, int pieceSize)
    {
        int count = end - at < pieceSize ? end - at : pieceSize;
        Array.Copy(bytes, at, head.Buffer, head.Count, count);
        return count;
    }
}

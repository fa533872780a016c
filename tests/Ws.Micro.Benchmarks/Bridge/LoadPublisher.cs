using System;
using System.Buffers.Binary;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>An MQTT 5 client that publishes readings straight to the broker at QoS 1, for one thread.</summary>
internal sealed class LoadPublisher : ILoadSender
{
    private const byte Connack = 0x20, Publish = 0x32, Puback = 0x40;
    private const int PubackSize = 4;

    private readonly RawWebSocket _socket;
    private readonly byte[] _topic;
    private readonly byte[] _packet = new byte[1024];
    private ushort _id;

    private LoadPublisher(RawWebSocket socket, string topic)
    {
        _socket = socket;
        _topic = Encoding.ASCII.GetBytes(topic);
    }

    public Socket Socket => _socket.Socket;

    public long Waiting { get; private set; }

    /// <summary>Attaches, which blocks.</summary>
    /// <exception cref="IOException">The broker did not accept.</exception>
    public static LoadPublisher Open(Uri broker, string id, string topic)
    {
        LoadPublisher publisher = new(RawWebSocket.Open(broker, "mqtt"), topic);
        publisher._socket.Send(false, [0x10, (byte)(13 + id.Length), 0, 4, .. "MQTT"u8, 5, 2, 0, 0, 0, 0, (byte)id.Length, .. Encoding.ASCII.GetBytes(id)]);
        ReadOnlySpan<byte> answer;
        while (!publisher._socket.TryTake(out answer))
        {
            if (!publisher.Socket.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead))
            {
                throw new IOException("The broker does not answer.");
            }

            publisher._socket.Receive();
        }

        return answer[0] == Connack && answer[3] == 0 ? publisher : throw new IOException($"The broker answered with 0x{Convert.ToHexString(answer)}.");
    }

    public void Send(ReadOnlySpan<byte> reading)
    {
        // Topic, packet identifier, no properties, payload; the identifiers of a window's readings differ.
        int length = 2 + _topic.Length + 3 + reading.Length;
        _packet[0] = Publish;
        _packet[1] = (byte)(length | 0x80);
        _packet[2] = (byte)(length >> 7);
        BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(3), (ushort)_topic.Length);
        _topic.CopyTo(_packet, 5);
        int at = 5 + _topic.Length;
        _id = _id == ushort.MaxValue ? (ushort)1 : (ushort)(_id + 1);
        BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(at), _id);
        _packet[at + 2] = 0;
        reading.CopyTo(_packet.AsSpan(at + 3));
        _socket.Send(false, _packet.AsSpan(0, at + 3 + reading.Length));
        Waiting++;
    }

    public void Continue()
    {
        while (_socket.Receive())
        {
            while (_socket.TryTake(out ReadOnlySpan<byte> packets))
            {
                for (; !packets.IsEmpty; packets = packets[PubackSize..])
                {
                    if (packets.Length < PubackSize || packets[0] != Puback || packets[1] != PubackSize - 2 || --Waiting < 0)
                    {
                        throw new IOException($"The broker sent 0x{Convert.ToHexString(packets)}.");
                    }
                }
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}

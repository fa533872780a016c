using System;
using System.Buffers.Binary;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>An MQTT 5 client that hears all readings from the broker at QoS 1, for one thread.</summary>
internal sealed class LoadSubscriber : IDisposable
{
    // The first byte of a packet, without its flags.
    private const byte Connack = 0x20, Publish = 0x30, Puback = 0x40, Suback = 0x90;

    private readonly RawWebSocket _socket;
    private readonly byte[] _acknowledgements = new byte[4096];
    private byte[] _input = new byte[256 * 1024];
    private int _end;

    private LoadSubscriber(RawWebSocket socket) => _socket = socket;

    /// <summary>Takes a message: its payload.</summary>
    public delegate void Take(ReadOnlySpan<byte> payload);

    public Socket Socket => _socket.Socket;

    /// <summary>Attaches and subscribes, which blocks.</summary>
    /// <exception cref="IOException">The broker did not accept.</exception>
    public static LoadSubscriber Open(Uri broker, string filter)
    {
        LoadSubscriber subscriber = new(RawWebSocket.Open(broker, "mqtt"));

        // A clean session, without a keep-alive.
        subscriber._socket.Send(false, [0x10, 18, 0, 4, .. "MQTT"u8, 5, 2, 0, 0, 0, 0, 5, .. "heard"u8]);
        subscriber.Expect(Connack);
        subscriber._socket.Send(false, [0x82, (byte)(6 + filter.Length), 0, 1, 0, 0, (byte)filter.Length, .. Encoding.ASCII.GetBytes(filter), 1]);
        subscriber.Expect(Suback);
        return subscriber;
    }

    /// <summary>Takes what has arrived, and acknowledges it.</summary>
    public void Hear(Take take)
    {
        int filled = 0;
        while (_socket.Receive())
        {
            Collect();
            int at = 0;
            while (TryPacket(at, out int body, out int end))
            {
                if ((_input[at] & 0xF0) == Publish)
                {
                    int id = body + 2 + BinaryPrimitives.ReadUInt16BigEndian(_input.AsSpan(body));
                    take(_input.AsSpan(SkipProperties(id + 2)..end));
                    _acknowledgements[filled] = Puback;
                    _acknowledgements[filled + 1] = 2;
                    _input.AsSpan(id, 2).CopyTo(_acknowledgements.AsSpan(filled + 2));
                    filled += 4;
                    if (filled == _acknowledgements.Length)
                    {
                        _socket.Send(false, _acknowledgements);
                        filled = 0;
                    }
                }

                at = end;
            }

            Consume(at);
        }

        if (filled > 0)
        {
            _socket.Send(false, _acknowledgements.AsSpan(0, filled));
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Expect(byte kind)
    {
        int body;
        int end;
        while (!TryPacket(0, out body, out end))
        {
            if (!Socket.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead))
            {
                throw new IOException("The broker does not answer.");
            }

            _socket.Receive();
            Collect();
        }

        // The reason, 0 or the QoS: of CONNACK the second byte, of SUBACK the last.
        byte reason = _input[kind == Connack ? body + 1 : end - 1];
        if (_input[0] != kind || reason > 1)
        {
            throw new IOException($"The broker answered with 0x{_input[0]:X2}, {reason}.");
        }

        Consume(end);
    }

    // A packet may begin in one frame and end in another.
    private void Collect()
    {
        while (_socket.TryTake(out ReadOnlySpan<byte> payload))
        {
            if (_end + payload.Length > _input.Length)
            {
                Array.Resize(ref _input, 2 * (_end + payload.Length));
            }

            payload.CopyTo(_input.AsSpan(_end));
            _end += payload.Length;
        }
    }

    private int SkipProperties(int at)
    {
        int length = _input[at++];
        if (length >= 0x80)
        {
            length = (length & 0x7F) | (_input[at++] << 7);
        }

        return at + length;
    }

    private void Consume(int count)
    {
        _input.AsSpan(count, _end - count).CopyTo(_input);
        _end -= count;
    }

    private bool TryPacket(int at, out int body, out int end)
    {
        int length = 0;
        body = at + 1;
        while (body < _end && body < at + 5)
        {
            byte digit = _input[body];
            length |= (digit & 0x7F) << (7 * (body - at - 1));
            body++;
            if (digit < 0x80)
            {
                end = body + length;
                return end <= _end;
            }
        }

        end = 0;
        return false;
    }
}

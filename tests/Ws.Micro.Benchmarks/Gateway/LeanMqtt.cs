using System;
using System.Buffers.Binary;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>
/// As much of MQTT 5 over WebSocket as publishing and hearing at QoS 1 takes, and no more: what is measured is to be the broker and the gateway,
/// not their clients.
/// </summary>
internal sealed class LeanMqtt : IDisposable
{
    private const byte Connack = 0x20;
    private const byte Publish = 0x30;
    private const byte Puback = 0x40;
    private const byte Suback = 0x90;

    private readonly MicroWebSocket _socket;
    private readonly byte[] _input = new byte[256 * 1024];
    private int _start;
    private int _end;

    private LeanMqtt(MicroWebSocket socket) => _socket = socket;

    /// <summary>Attaches a client.</summary>
    public static async Task<LeanMqtt> ConnectAsync(Uri broker, string id)
    {
        LeanMqtt client = new(await MicroWebSocketClient.ConnectAsync(broker, new MicroWebSocketClientOptions { SubProtocols = { "mqtt" } }));
        await client.SendAsync((byte[])[0x10, (byte)(13 + id.Length), 0, 4, .. "MQTT"u8, 5, 2, 0, 60, 0, 0, (byte)id.Length, .. Encoding.ASCII.GetBytes(id)]);
        await client.ExpectAsync(Connack);
        return client;
    }

    /// <summary>Subscribes at QoS 1.</summary>
    public async Task SubscribeAsync(string filter)
    {
        await SendAsync((byte[])[0x82, (byte)(6 + filter.Length), 0, 1, 0, 0, (byte)filter.Length, .. Encoding.ASCII.GetBytes(filter), 1]);
        await ExpectAsync(Suback);
    }

    /// <summary>Publishes that many messages, at most <paramref name="window"/> of them not acknowledged.</summary>
    public async Task PublishAsync(string topic, byte[] payload, int count, int window)
    {
        using SemaphoreSlim room = new(window);
        Task acknowledging = AcknowledgementsAsync(count, room);
        byte[] name = Encoding.ASCII.GetBytes(topic);
        int length = 2 + name.Length + 3 + payload.Length;
        byte[] packet = [0x32, (byte)(length % 128 | 0x80), (byte)(length / 128), 0, (byte)name.Length, .. name, 0, 0, 0, .. payload];
        for (int i = 0; i < count; i++)
        {
            await room.WaitAsync();
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(5 + name.Length), (ushort)(i % ushort.MaxValue + 1));
            await SendAsync(packet);
        }

        await acknowledging;
    }

    /// <summary>Hears that many messages, and acknowledges each.</summary>
    public async Task HearAsync(int count)
    {
        byte[] acknowledgements = new byte[4096];
        int filled = 0;
        while (count > 0)
        {
            ReadOnlyMemory<byte> packet = await NextAsync();
            if ((packet.Span[0] & 0xF0) != Publish)
            {
                continue;
            }

            count--;
            int body = BodyOffset(packet.Span);
            int id = body + 2 + BinaryPrimitives.ReadUInt16BigEndian(packet.Span[body..]);
            acknowledgements[filled++] = Puback;
            acknowledgements[filled++] = 2;
            packet.Span.Slice(id, 2).CopyTo(acknowledgements.AsSpan(filled));
            filled += 2;

            // Those that came together are acknowledged together.
            if (_start == _end || filled == acknowledgements.Length)
            {
                await SendAsync(acknowledgements.AsMemory(0, filled));
                filled = 0;
            }
        }

        await SendAsync(acknowledgements.AsMemory(0, filled));
    }

    public void Dispose() => _socket.Dispose();

    private static int BodyOffset(ReadOnlySpan<byte> packet)
    {
        int offset = 1;
        while ((packet[offset++] & 0x80) != 0)
        {
        }

        return offset;
    }

    private async Task AcknowledgementsAsync(int count, SemaphoreSlim room)
    {
        for (int i = 0; i < count; i++)
        {
            await ExpectAsync(Puback);
            room.Release();
        }
    }

    private async Task ExpectAsync(byte kind)
    {
        ReadOnlyMemory<byte> packet = await NextAsync();
        if ((packet.Span[0] & 0xF0) != kind)
        {
            throw new IOException($"the broker sent a packet of kind 0x{packet.Span[0]:X2} instead of 0x{kind:X2}");
        }
    }

    // The packet is there until the next.
    private async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        while (true)
        {
            int size = PacketSize(_input.AsSpan(_start, _end - _start));
            if (size > 0)
            {
                _start += size;
                return _input.AsMemory(_start - size, size);
            }

            if (_start > 0)
            {
                _input.AsSpan(_start, _end - _start).CopyTo(_input);
                _end -= _start;
                _start = 0;
            }

            ValueWebSocketReceiveResult received = await _socket.ReceiveAsync(_input.AsMemory(_end), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                throw new IOException("the broker has closed the connection");
            }

            _end += received.Count;
        }
    }

    // 0 where it is not whole.
    private static int PacketSize(ReadOnlySpan<byte> input)
    {
        int length = 0;
        for (int i = 1; i < input.Length && i < 5; i++)
        {
            length |= (input[i] & 0x7F) << (7 * (i - 1));
            if (input[i] < 0x80)
            {
                return i + 1 + length <= input.Length ? i + 1 + length : 0;
            }
        }

        return 0;
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAsync(bytes, WebSocketMessageType.Binary, true, CancellationToken.None);
}

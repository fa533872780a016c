namespace Ws.Micro.Desktop.Tests;

/// <summary>What of a frame may be read straight into the application's buffer.</summary>
public sealed class PayloadRemainingTests
{
    private const int Size = 9000;

    private readonly byte[] _buffer = new byte[WebSocketEngine.Headroom + Size];
    private readonly WebSocketEngine _sender = new(false, Size, null);
    private readonly WebSocketEngine _engine = new(true, Size, null);

    [Fact]
    public void It_is_the_rest_of_a_data_frames_payload()
    {
        int header = _sender.BeginFrame(_buffer, WebSocketEngine.Headroom, Size, isText: false, isLast: true, encoded: false, 0x5AC30F69);
        Assert.Equal(0, _engine.PayloadRemaining);

        _engine.Receive(_buffer, WebSocketEngine.Headroom - header, header, now: 0);
        Assert.Equal(Size, _engine.PayloadRemaining);

        _engine.Receive(_buffer, WebSocketEngine.Headroom, 1000, now: 0);
        Assert.Equal(Size - 1000, _engine.PayloadRemaining);

        _engine.Receive(_buffer, WebSocketEngine.Headroom + 1000, Size - 1000, now: 0);
        Assert.Equal(0, _engine.PayloadRemaining);
    }

    [Fact]
    public void A_control_frames_payload_may_not()
    {
        int size = _sender.WritePing(_buffer, 0, new byte[100], 0, 100, 0x5AC30F69);

        _engine.Receive(_buffer, 0, size - 50, now: 0);

        Assert.Equal(0, _engine.PayloadRemaining);
    }
}

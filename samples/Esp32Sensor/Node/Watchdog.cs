namespace Esp32Sensor.Node;

/// <summary>
/// Tells whether a node still gets something done. Two things are watched: that its loop turns, for which somebody outside must look, and
/// that its gateway is heard. Times are in milliseconds on <see cref="NodeBoard.Milliseconds"/>. May be asked by any thread.
/// </summary>
public sealed class Watchdog
{
    private readonly long _longestTurn;
    private readonly long _longestSilence;
    private long _turned;
    private long _heard;

    /// <summary>A watchdog for a node that begins at <paramref name="now"/>.</summary>
    /// <param name="now">The time.</param>
    /// <param name="longestTurn">How long one turn of the loop may take.</param>
    /// <param name="longestSilence">How long nothing may be heard from the gateway.</param>
    public Watchdog(long now, long longestTurn, long longestSilence)
    {
        _longestTurn = longestTurn;
        _longestSilence = longestSilence;
        _turned = now;
        _heard = now;
    }

    /// <summary>The loop turns.</summary>
    public void Turn(long now) => _turned = now;

    /// <summary>The gateway was heard: it greeted, or has taken readings.</summary>
    public void Hear(long now) => _heard = now;

    /// <summary>Whether the loop is stuck. Then nothing that the node holds can be used.</summary>
    public bool IsStuck(long now) => now - _turned > _longestTurn;

    /// <summary>Whether the gateway was not heard for too long: perhaps it is the network here that has to be started anew.</summary>
    public bool IsSilent(long now) => now - _heard > _longestSilence;
}

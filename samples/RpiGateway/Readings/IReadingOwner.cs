namespace RpiGateway.Readings;

/// <summary>Who sent readings to the log.</summary>
internal interface IReadingOwner
{
    /// <summary>The reading is on disk now, or was before. Called by the log's thread, in the order of the appends: must not block or throw.</summary>
    /// <returns>Whether <see cref="TellStored"/> is to be called once all that were written together have been gone through.</returns>
    bool OnStored(Reading reading);

    /// <summary>Tells the sensor. Called by the log's thread: must not block or throw.</summary>
    void TellStored();
}

namespace RpiGateway.Readings;

/// <summary>Who sent readings to the log.</summary>
internal interface IReadingOwner
{
    /// <summary>The reading is on disk now, or was before. Called by the log's thread, in the order of the appends: must not block or throw.</summary>
    void OnStored(Reading reading);
}

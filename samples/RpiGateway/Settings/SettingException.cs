using System;

namespace RpiGateway.Settings;

/// <summary>A setting that cannot be used; the message is one line that names it, its value and what is allowed.</summary>
public sealed class SettingException(string message) : Exception(message);

using System.Reflection;
using Esp32Sensor.Node;

[assembly: AssemblyTitle("Esp32Sensor")]
[assembly: AssemblyVersion(TelemetrySession.Firmware + ".0")]
[assembly: AssemblyFileVersion(TelemetrySession.Firmware + ".0")]

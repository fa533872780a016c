using System.Reflection;

[assembly: AssemblyTitle("Esp32Sensor")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: AssemblyFileVersion("0.1.0.0")]

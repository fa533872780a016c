using System.Reflection;

[assembly: AssemblyTitle("Ws.Micro.NanoTests")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: AssemblyFileVersion("0.1.0.0")]

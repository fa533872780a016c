using System;
using System.IO;
using System.Text;

namespace Esp32Sensor;

/// <summary>
/// The files on the device's own storage: settings.txt and root.pem, which people put there, and the two in which the node keeps what must
/// outlast sleep and restarts.
/// </summary>
internal static class DeviceFiles
{
    /// <summary>The settings, as Node/SettingsReader.cs reads them.</summary>
    public const string Settings = "I:\\settings.txt";

    /// <summary>With wss, the root certificate (PEM) that the gateway's certificate comes from.</summary>
    public const string Root = "I:\\root.pem";

    /// <summary>The file's text; "" where there is none, or it cannot be read, which is told.</summary>
    public static string ReadText(string path)
    {
        try
        {
            if (File.Exists(path))
            {
                byte[] bytes = File.ReadAllBytes(path);
                return Encoding.UTF8.GetString(bytes, 0, bytes.Length);
            }
        }
        catch (Exception e)
        {
            Console.WriteLine("Reading " + path + " failed: " + e.Message);
        }

        return "";
    }

    /// <summary>Opens one of the node's two files; null where it is not there.</summary>
    public static Stream? OpenRead(int slot) => File.Exists(Slot(slot)) ? new FileStream(Slot(slot), FileMode.Open, FileAccess.Read) : null;

    /// <summary>Opens one of the node's two files to be written anew.</summary>
    public static Stream OpenWrite(int slot) => new FileStream(Slot(slot), FileMode.Create, FileAccess.Write);

    private static string Slot(int slot) => slot == 0 ? "I:\\node0.bin" : "I:\\node1.bin";
}

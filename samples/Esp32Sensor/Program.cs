using System;
using System.Collections;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using Esp32Sensor.Node;
using nanoFramework.Runtime.Native;

namespace Esp32Sensor;

public static class Program
{
    public static void Main()
    {
        try
        {
            NodeSettings settings = ReadSettings();
            Board board = new(settings.TimeServer, ReadRoot());
            SensorNode node = new(settings, board, new Random());
            board.Watch(node.Watchdog);
            node.Run();
        }
        catch (Exception e)
        {
            Console.WriteLine("Stopped by " + e.GetType().FullName + ": " + e.Message);
        }

        // Nobody is there to help: begin anew, slowly enough for a person at the serial port to read why.
        Thread.Sleep(10000);
        Power.RebootDevice();
    }

    private static NodeSettings ReadSettings()
    {
        NodeSettings settings = new() { Id = WifiLink.DeviceName, Gateway = "ws://192.168.1.10:5080" };
        ArrayList complaints = SettingsReader.Read(DeviceFiles.ReadText(DeviceFiles.Settings), settings);
        for (int i = 0; i < complaints.Count; i++)
        {
            Console.WriteLine(DeviceFiles.Settings + ": " + (string)complaints[i]);
        }

        Console.WriteLine("This is " + settings.Id + ", for " + settings.Gateway + ".");
        return settings;
    }

    private static X509Certificate? ReadRoot()
    {
        string pem = DeviceFiles.ReadText(DeviceFiles.Root);
        try
        {
            return pem.Length == 0 ? null : new X509Certificate(pem);
        }
        catch (Exception e)
        {
            Console.WriteLine(DeviceFiles.Root + " is no certificate in PEM: " + e.Message + " Those in the device's store are used.");
            return null;
        }
    }
}

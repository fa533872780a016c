using System;
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
            Board board = new();
            NodeSettings settings = new() { Id = board.Id, Gateway = Settings.Gateway, Interval = Settings.Interval };
            new SensorNode(settings, board, new Random()).Run();
        }
        catch (Exception e)
        {
            // Nobody is there to help: begin anew, slowly enough for a person at the serial port to read why.
            Console.WriteLine("Stopped by " + e.GetType().FullName + ": " + e.Message);
            Thread.Sleep(10000);
            Power.RebootDevice();
        }
    }
}

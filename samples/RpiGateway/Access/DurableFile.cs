using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace RpiGateway.Access;

/// <summary>Files that are there whole or not at all, whenever the power goes, and that nobody but their owner reads.</summary>
internal static class DurableFile
{
    /// <summary>Mode 0600.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>Holds a file against other processes that want to change it, until disposed.</summary>
    /// <exception cref="IOException">Another holds it for longer than 10 s.</exception>
    // The lock file stays: removing it would let two in.
    public static FileStream Lock(string path)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path + ".lock", OptionsFor(FileMode.OpenOrCreate));
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException) && Stopwatch.GetElapsedTime(started) < LockTimeout)
            {
                Thread.Sleep(LockPoll);
            }
        }
    }

    /// <summary>Puts the bytes in the file's place; done when they are on disk.</summary>
    /// <exception cref="IOException">They cannot be written. What was there before still is.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (FileStream file = new(temporary, OptionsFor(FileMode.Create)))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            Move(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Puts a file that is on disk in another's place in the same directory; done when its new name is on disk too.</summary>
    /// <exception cref="IOException">It cannot be renamed, or the directory not be synchronised.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be renamed.</exception>
    public static void Move(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        if (!OperatingSystem.IsWindows())
        {
            SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(to))!);
        }
    }

    /// <summary>Gives a file that cannot be read the name that it is kept by, which this returns; what is written next does not touch it.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be renamed.</exception>
    public static string SetAside(string path)
    {
        string aside = $"{path}.corrupt-{DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture)}";
        File.Move(path, aside);
        return aside;
    }

    private static FileStreamOptions OptionsFor(FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    // .NET opens no directories.
    private static void SyncDirectory(string directory)
    {
        int handle = Open(Encoding.UTF8.GetBytes(directory + '\0'), 0);
        bool synced = handle >= 0 && Sync(handle) == 0;
        int error = synced ? 0 : Marshal.GetLastPInvokeError();
        if (handle >= 0)
        {
            _ = Close(handle);
        }

        if (!synced)
        {
            throw new IOException($"{directory} cannot be synchronised: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int handle);
}

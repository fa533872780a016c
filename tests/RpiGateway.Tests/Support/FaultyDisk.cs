using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace RpiGateway.Tests;

/// <summary>
/// A directory where the system refuses what SQLite asks of it: its Unix VFS lets its system calls be replaced (xSetSystemCall), and these pass on all but
/// what is refused. One at a time; other directories stay as they are.
/// </summary>
internal sealed unsafe class FaultyDisk : IDisposable
{
    // errno(3).
    private const int IoError = 5;
    private const int ReadOnlyFileSystem = 30;

    private const int WriteOnly = 1;
    private const int ReadWrite = 2;
    private const int Create = 0x40;

    private static readonly SemaphoreSlim One = new(1);
    private static volatile string? _directory;
    private static volatile DiskFault _fault;

    public FaultyDisk(string directory)
    {
        One.Wait();
        _directory = directory;
        _fault = DiskFault.None;
        Replace("write", (delegate* unmanaged[Cdecl]<int, void*, nuint, nint>)&Write);
        Replace("pwrite", (delegate* unmanaged[Cdecl]<int, void*, nuint, long, nint>)&PWrite);
        Replace("pwrite64", (delegate* unmanaged[Cdecl]<int, void*, nuint, long, nint>)&PWrite);
        Replace("ftruncate", (delegate* unmanaged[Cdecl]<int, long, int>)&Truncate);
        Replace("open", (delegate* unmanaged[Cdecl]<byte*, int, int, int>)&Open);
        Replace("unlink", (delegate* unmanaged[Cdecl]<byte*, int>)&Unlink);
    }

    /// <summary>What is refused now.</summary>
    public DiskFault Fault
    {
        get => _fault;
        set => _fault = value;
    }

    public void Dispose()
    {
        foreach (string call in new[] { "write", "pwrite", "pwrite64", "ftruncate", "open", "unlink" })
        {
            Replace(call, null);
        }

        _directory = null;
        One.Release();
    }

    private static void Replace(string call, void* with)
    {
        // sqlite3.h: of sqlite3_vfs, behind three ints and fifteen pointers.
        void** vfs = (void**)FindVfs(null);
        delegate* unmanaged[Cdecl]<void*, byte*, void*, int> set = (delegate* unmanaged[Cdecl]<void*, byte*, void*, int>)vfs[18];
        nint name = Marshal.StringToCoTaskMemUTF8(call);
        int result = set(vfs, (byte*)name, with);
        Marshal.FreeCoTaskMem(name);
        Assert.Equal(0, result);
    }

    private static bool IsRefused(string? path, bool isWrite)
    {
        if (_fault == DiskFault.None || _directory is not { } directory || path?.StartsWith(directory, StringComparison.Ordinal) != true || (_fault == DiskFault.WriteErrors && !isWrite))
        {
            return false;
        }

        Marshal.SetLastSystemError(_fault == DiskFault.ReadOnly ? ReadOnlyFileSystem : IoError);
        return true;
    }

    private static string? PathOf(int file) => _fault == DiskFault.None ? null : new FileInfo($"/proc/self/fd/{file}").LinkTarget;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Write(int file, void* bytes, nuint count) => IsRefused(PathOf(file), isWrite: true) ? -1 : SystemWrite(file, bytes, count);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint PWrite(int file, void* bytes, nuint count, long offset) => IsRefused(PathOf(file), isWrite: true) ? -1 : SystemPWrite(file, bytes, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(int file, long length) => IsRefused(PathOf(file), isWrite: true) ? -1 : SystemTruncate(file, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(byte* path, int flags, int mode) =>
        (flags & (WriteOnly | ReadWrite | Create)) != 0 && IsRefused(Marshal.PtrToStringUTF8((nint)path), isWrite: false) ? -1 : SystemOpen(path, flags, mode);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlink(byte* path) => IsRefused(Marshal.PtrToStringUTF8((nint)path), isWrite: false) ? -1 : SystemUnlink(path);

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static extern void* FindVfs(byte* name);

    [DllImport("libc", EntryPoint = "write")]
    private static extern nint SystemWrite(int file, void* bytes, nuint count);

    [DllImport("libc", EntryPoint = "pwrite64")]
    private static extern nint SystemPWrite(int file, void* bytes, nuint count, long offset);

    [DllImport("libc", EntryPoint = "ftruncate64")]
    private static extern int SystemTruncate(int file, long length);

    [DllImport("libc", EntryPoint = "open64")]
    private static extern int SystemOpen(byte* path, int flags, int mode);

    [DllImport("libc", EntryPoint = "unlink")]
    private static extern int SystemUnlink(byte* path);
}

/// <summary>How a disk fails.</summary>
public enum DiskFault
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Nothing can be written, made or removed: EROFS.</summary>
    ReadOnly,

    /// <summary>Each write fails: EIO.</summary>
    WriteErrors,
}

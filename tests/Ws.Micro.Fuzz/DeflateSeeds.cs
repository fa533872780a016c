using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Fuzz;

/// <summary>DEFLATE streams, and messages made of them, that fuzzing starts from: RFC 7692's examples, each kind of block, each kind of fault.</summary>
internal static class DeflateSeeds
{
    private const byte NoLimit = 255;
    private const byte WithLookup = 3 << 3, Largest = 7, Server = 1, NoTakeover = 1 << 4;

    private static readonly (string Name, string Hex)[] Vectors =
    {
        ("hello", "f248cdc9c90700"),
        ("hello-twice", "f248cdc9c907000000fffff200110000"),
        ("stored", "000500faff48656c6c6f00"),
        ("two-blocks", "f24805000000ffffcac9c90700"),
        ("final-block", "f348cdc9c9070000"),
        ("empty", "00"),
        ("distance-too-far", "4a04120000"),
        ("block-type-3", "06"),
        ("stored-length-wrong", "000500fafe48656c6c6f00"),
        ("ends-inside-a-block", "f248cdc9"),

        // By zlib, level 9: twenty readings, 900 times a letter, 300 bytes and a part of them again.
        ("dynamic",
            "8dd13b0ec3300c04d1bbb03608adacaf6f63382a5c04481ca53272f7f4c416ec5f3573cbf9904df639cf4316f98cb76c6191399eaf71edf37b0dd962"
            + "d0f0bb098485554161b43069a470b510ba52982c6c9a28cc1666cd14160ba3160aab855d2b85cdc2a28dc26ee1aa9d07f7af71bf817b0edc77e0de03"
            + "f71fb807c17d08ee45a08ffe00"),
        ("repeated",
            "abaa1a05a360140c24000000"),
        ("far",
            "6360e7139551d632b4b077f30d894eca2c28af6bed993c6be18af5dbf61e397de9e683e7efbefe61e612949057d335b176f20c088f4bcd29ae6aece8"
            + "9f3677c9ea4d3b0f1c3f77f5cee3571f7ffc67e3159156d23430b773f5098e4accc82fab6de99e3473c1f2755bf71c3e75f1c6fd676fbffc66e21410"
            + "9753d531b672f4f00f8b4dc92eaa6c68ef9b3a67f1aa8d3bf61f3b7be5f6a3971fbeff63e5119652d4d037b375f10e8a4c48cf2bad69ee9a3863feb2"
            + "b55b761f3a79e1fabda76f3eff62e4e0179355d136b27470f70b8d49ce2aaca86feb9d327bd1ca0ddbf71d3d73f9d6c317efbffd65e116925450d733"
            + "b571f60a8c884fcb2da96eea9c307dded2359b771d3c71fedadd27af3ffd6420c1ff0ca36135a8c20a0000"),
    };

    public static Dictionary<string, byte[]> Streams() => All()
        .SelectMany(one => new[]
        {
            Seeds.Seed(one.Name, 0, NoLimit, 3, one.Bytes),
            Seeds.Seed(one.Name + "-lookup", WithLookup | Largest, NoLimit, 9, one.Bytes),
        })
        .ToDictionary();

    public static Dictionary<string, byte[]> Messages() => All()
        .SelectMany(one => new[]
        {
            Seeds.Seed(one.Name, 0, NoLimit, 3, Wire(false, one.Bytes)),
            Seeds.Seed(one.Name + "-server", Server | NoTakeover | (Largest << 1), NoLimit, 5, Wire(true, one.Bytes)),
        })
        .ToDictionary();

    // The message as text, again as binary in two fragments with a ping between, and a plain one.
    private static byte[] Wire(bool masked, byte[] payload) => Frame.Encode(
        masked,
        Frame.Of(0xC1, payload),
        Frame.Of(0x42, payload[..(payload.Length / 2)]),
        Frame.Of(0x89, "p"),
        Frame.Of(0x80, payload[(payload.Length / 2)..]),
        Frame.Of(0x81, "plain"),
        Frame.Close(1000, "bye"));

    private static IEnumerable<(string Name, byte[] Bytes)> All() => Vectors.Select(one => (one.Name, Convert.FromHexString(one.Hex)));
}

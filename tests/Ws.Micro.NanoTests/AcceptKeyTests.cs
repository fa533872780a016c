using nanoFramework.TestFramework;
using Ws.Micro.Handshake;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Sec-WebSocket-Accept (RFC 6455 §4.2.2), with the SHA-1 and base64 that it is made of.</summary>
[TestClass]
public static class AcceptKeyTests
{
    [TestMethod]
    public static void The_example_of_the_RFC() => Answers("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    [TestMethod]
    public static void Other_keys_by_a_SHA_1_that_is_not_ours()
    {
        Answers("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
        Answers("/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g=");
        Answers("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=");
        Answers("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    }

    [TestMethod]
    public static void One_instance_answers_one_key_after_another()
    {
        AcceptKey acceptKey = new();
        byte[] output = new byte[AcceptKey.Size];

        acceptKey.Compute(Bytes.Of("AQIDBAUGBwgJCgsMDQ4PEA=="), 0, output, 0);
        acceptKey.Compute(Bytes.Of("dGhlIHNhbXBsZSBub25jZQ=="), 0, output, 0);

        Expect.Same(Bytes.Of("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), output, "the second answer");
    }

    private static void Answers(string key, string accept)
    {
        byte[] output = new byte[AcceptKey.Size + 2];

        new AcceptKey().Compute(Bytes.Of("::" + key), 2, output, 1);

        Expect.Same(Bytes.Of(accept), output, 1, AcceptKey.Size, key);
        Assert.IsTrue(output[0] == 0 && output[output.Length - 1] == 0, "the bytes around stay");
    }
}

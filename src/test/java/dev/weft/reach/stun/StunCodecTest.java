package dev.weft.reach.stun;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class StunCodecTest {
  /** The test vectors of RFC 5769, sections 2.1 to 2.4. */
  private static final byte[] REQUEST =
      hex(
          """
          000100582112a442b7e7a701bc34d686fa87dfae
          802200105354554e207465737420636c69656e74
          002400046e0001ff 80290008932ff9b151263b36
          000600096576746a3a68367659202020
          000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
          80280004e57a3bcf
          """);

  private static final byte[] IPV4_RESPONSE =
      hex(
          """
          0101003c2112a442b7e7a701bc34d686fa87dfae
          8022000b7465737420766563746f7220
          002000080001a147e112a643
          000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7
          80280004c07d4c96
          """);

  private static final byte[] IPV6_RESPONSE =
      hex(
          """
          010100482112a442b7e7a701bc34d686fa87dfae
          8022000b7465737420766563746f7220
          002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9
          00080014a382954e4be67bf11784c97c8292c275bfe3ed41
          80280004c8fb0b4c
          """);

  private static final byte[] LONG_TERM_REQUEST =
      hex(
          """
          000100602112a44278ad3433c6ad72c029da412e
          00060012e3839ee38388e383aae38383e382afe382b90000
          0015001c662f2f3439396b3935346436
          4f4c33346f4c39465354767936347341
          0014000b6578616d706c652e6f726700
          00080014f67024656dd64a3e02b8e0712e85c9a28ca89666
          """);

  private static final String PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt";

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
  }

  private static Optional<StunMessage> read(byte[] datagram) {
    return StunCodec.read(Unpooled.wrappedBuffer(datagram));
  }

  @Test
  void shouldReadTheRequestOfRfc5769() throws Exception {
    StunMessage message = read(REQUEST).orElseThrow();

    assertThat(message.kind()).isEqualTo(StunMessage.Kind.REQUEST);
    assertThat(message.method()).isEqualTo(StunMessage.BINDING);
    assertThat(message.fingerprint()).isTrue();
    assertThat(message.attributes())
        .contains(new StunAttribute.Software("STUN test client"))
        .extracting(StunAttribute::type)
        .containsExactly(0x8022, 0x0024, 0x8029, 0x0006, StunAttribute.MESSAGE_INTEGRITY);
    assertThat(integrity(message)).isEqualTo(hmac(REQUEST, 8, bytes(PASSWORD)));
  }

  @Test
  void shouldReadTheIpv4ResponseOfRfc5769() throws Exception {
    StunMessage message = read(IPV4_RESPONSE).orElseThrow();

    assertThat(message.kind()).isEqualTo(StunMessage.Kind.SUCCESS);
    assertThat(message.mapped()).contains(new InetSocketAddress("192.0.2.1", 32853));
    assertThat(message.attributes()).contains(new StunAttribute.Software("test vector"));
    assertThat(integrity(message)).isEqualTo(hmac(IPV4_RESPONSE, 8, bytes(PASSWORD)));
  }

  @Test
  void shouldReadTheIpv6ResponseOfRfc5769() throws Exception {
    StunMessage message = read(IPV6_RESPONSE).orElseThrow();

    assertThat(message.mapped())
        .contains(new InetSocketAddress("2001:db8:1234:5678:11:2233:4455:6677", 32853));
    assertThat(integrity(message)).isEqualTo(hmac(IPV6_RESPONSE, 8, bytes(PASSWORD)));
  }

  @Test
  void shouldReadTheRequestWithLongTermCredentialsOfRfc5769() throws Exception {
    StunMessage message = read(LONG_TERM_REQUEST).orElseThrow();

    assertThat(message.fingerprint()).isFalse();
    String credentials = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9:example.org:TheMatrIX";
    byte[] key = MessageDigest.getInstance("MD5").digest(bytes(credentials));
    assertThat(integrity(message)).isEqualTo(hmac(LONG_TERM_REQUEST, 0, key));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] integrity(StunMessage message) {
    return message.attributes().stream()
        .filter(a -> a.type() == StunAttribute.MESSAGE_INTEGRITY)
        .map(a -> ((StunAttribute.Other) a).value())
        .map(
            value -> {
              byte[] bytes = new byte[value.remaining()];
              value.duplicate().get(bytes);
              return bytes;
            })
        .findFirst()
        .orElseThrow();
  }

  /** RFC 8489 section 14.5: the length covers the attribute itself, and nothing behind it. */
  private static byte[] hmac(byte[] datagram, int behind, byte[] key)
      throws GeneralSecurityException {
    byte[] covered = Arrays.copyOf(datagram, datagram.length - behind - 24);
    ByteBuffer.wrap(covered).putShort(2, (short) (covered.length + 24 - 20));
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key, "HmacSHA1"));
    return mac.doFinal(covered);
  }

  @Property(tries = 500)
  void shouldReadWhatItWrote(@ForAll("messages") StunMessage message) {
    assertThat(read(StunCodec.write(message))).contains(message);
  }

  @Property(tries = 500)
  void shouldBelieveNoFingerprintOfWhatWasChanged(
      @ForAll("messages") StunMessage message, @ForAll int position, @ForAll byte mask) {
    byte[] written = StunCodec.write(message);
    int at = Math.floorMod(position, written.length);
    byte before = written[at];
    written[at] ^= mask;

    Optional<StunMessage> read = read(written);
    boolean same = written[at] == before;
    assertThat(same || read.filter(StunMessage::fingerprint).isEmpty()).isTrue();
  }

  @Property(tries = 1000)
  void shouldSurviveGarbage(@ForAll byte[] garbage) {
    byte[] behind = new byte[20 + garbage.length / 4 * 4];
    ByteBuffer.wrap(behind).putShort(2, (short) (behind.length - 20)).putInt(4, StunCodec.COOKIE);
    System.arraycopy(garbage, 0, behind, 20, behind.length - 20);

    ByteBuf datagram = Unpooled.wrappedBuffer(behind);
    StunCodec.read(datagram).ifPresent(message -> assertThat(message.kind()).isNotNull());
    assertThat(datagram.readableBytes()).isEqualTo(behind.length);
    assertThat(read(garbage)).isEmpty();
  }

  @Test
  void shouldIgnoreWhatStandsBehindMessageIntegrity() {
    StunMessage message =
        StunMessage.binding(
            StunMessage.Kind.REQUEST,
            new TransactionId(1, 2),
            List.of(
                new StunAttribute.Other(
                    StunAttribute.MESSAGE_INTEGRITY, ByteBuffer.wrap(new byte[20])),
                new StunAttribute.Port(StunAttribute.RESPONSE_PORT, 53)));

    StunMessage read = read(StunCodec.write(message)).orElseThrow();

    assertThat(read.port(StunAttribute.RESPONSE_PORT)).isEmpty();
  }

  @Provide
  Arbitrary<StunMessage> messages() {
    return Combinators.combine(
            Arbitraries.of(StunMessage.Kind.class),
            Arbitraries.integers().between(0, 0xFFF),
            Combinators.combine(Arbitraries.integers(), Arbitraries.longs()).as(TransactionId::new),
            attributes().list().ofMaxSize(8),
            Arbitraries.of(true, false))
        .as(StunMessage::new);
  }

  private static Arbitrary<StunAttribute> attributes() {
    Arbitrary<Integer> ports = Arbitraries.integers().between(0, 65535);
    Arbitrary<byte[]> v4 = Arbitraries.bytes().array(byte[].class).ofSize(4);
    // Addresses of the form ::ffff:a.b.c.d are IPv4 to Java.
    Arbitrary<byte[]> v6 =
        Arbitraries.bytes().array(byte[].class).ofSize(16).filter(a -> a[0] != 0);
    return Arbitraries.oneOf(
        Combinators.combine(
                Arbitraries.of(StunAttribute.Place.class), Arbitraries.oneOf(v4, v6), ports)
            .as((place, ip, port) -> new StunAttribute.Address(place, socketAddress(ip, port))),
        Arbitraries.strings().alpha().ofMaxLength(50).map(StunAttribute.Software::new),
        Combinators.combine(
                Arbitraries.integers().between(300, 699),
                Arbitraries.strings().alpha().ofMaxLength(20))
            .as(StunAttribute.ErrorCode::new),
        ports.list().ofMaxSize(5).map(StunAttribute.UnknownTypes::new),
        Combinators.combine(Arbitraries.of(true, false), Arbitraries.of(true, false))
            .as(StunAttribute.ChangeRequest::new),
        ports.map(port -> new StunAttribute.Port(StunAttribute.RESPONSE_PORT, port)),
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMaxSize(40)
            .map(value -> new StunAttribute.Other(0xC0FF, ByteBuffer.wrap(value))));
  }

  private static InetSocketAddress socketAddress(byte[] ip, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(ip), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.weft.proxy.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectHeadTest {
  private static final String NODE = "0123456789abcdef";

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static ConnectRequest parse(String head) {
    ConnectHead reader = new ConnectHead();
    assertThat(reader.add(bytes(head))).isEqualTo(head.length());
    return reader.request().orElseThrow();
  }

  private static ConnectRequest target(String target) {
    return parse("CONNECT " + target + " HTTP/1.1\r\n\r\n");
  }

  private static int status(String head) {
    ConnectRefused refused = catchThrowableOfType(ConnectRefused.class, () -> parse(head));
    assertThat(refused.getMessage()).doesNotContain("\n").isNotBlank();
    return refused.status().code();
  }

  private static Optional<String> token(String credentials) {
    return parse("CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: " + credentials + "\r\n\r\n")
        .token();
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(bytes(text));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1:7654, 10.0.0.1, 7654",
    "N1.Weft:50051, n1.weft, 50051",
    "server.example, server.example, 80",
    "[2001:DB8:0::1]:443, 2001:db8::1, 443",
    "[::1], ::1, 80",
  })
  void shouldReadTargets(String target, String host, int port) {
    assertThat(target(target).to()).isEqualTo(new HostPort(host, port));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1:7654?nodeId=" + NODE, "10.0.0.1:7654/?nodeId=" + NODE})
  void shouldReadTheNodeThatMustAnswer(String target) {
    assertThat(target(target))
        .isEqualTo(
            new ConnectRequest(
                new HostPort("10.0.0.1", 7654), Optional.of(new NodeId(NODE)), Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "*",
        ":80",
        "a:0",
        "a:65536",
        "a:b",
        "a:1:2",
        "::1",
        "2001:db8::1:443",
        "[::1",
        "[10.0.0.1]:1",
        "http://a:80/",
        "user@a:80",
        "a:80/x",
        "a:80?nodeId=",
        "a:80?nodeId=0123456789ABCDEF",
        "a:80?nodeId=0123456789abcdef0",
        "a:80?id=0123456789abcdef",
        "a:80#x",
        "10.0.0.256:1",
      })
  void shouldRefuseOtherTargets(String target) {
    assertThat(status("CONNECT " + target + " HTTP/1.1\r\n\r\n")).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.0", "HTTP/1.1"})
  void shouldReadBothVersions(String version) {
    assertThat(parse("CONNECT a:1 " + version + "\r\nHost: a:1\r\n\r\n").to())
        .isEqualTo(new HostPort("a", 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GET / HTTP/1.1", "PRI * HTTP/1.1", "connect a:1 HTTP/1.1", "POST /x HTTP/1.0"})
  void shouldRefuseOtherMethods(String line) {
    assertThat(status(line + "\r\n\r\n")).isEqualTo(405);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT a:1",
        "CONNECT  a:1 HTTP/1.1",
        "CONNECT a:1 HTTP/2.0",
        "CONNECT a:1 HTTP/1.1 ",
        "CONNECT a:1 http/1.1",
        "PRI * HTTP/2.0",
        "\u0016\u0003\u0001",
        "CONNECT a\u0000:1 HTTP/1.1",
        "CONNECT a:1 HTTP/1.1\r\n folded: x",
        "CONNECT a:1 HTTP/1.1\r\nno colon",
        "CONNECT a:1 HTTP/1.1\r\nname : x",
        "CONNECT a:1 HTTP/1.1\r\nname: x\u0000",
        "CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: Bearer a\r\nproxy-authorization: Bearer b",
      })
  void shouldRefuseWhatIsNoRequest(String head) {
    assertThat(status(head + "\r\n\r\n")).isEqualTo(400);
  }

  @Test
  void shouldReadTokensAsLibrariesSendThem() {
    assertThat(token("Basic " + base64("yoasobi"))).contains("yoasobi");
    assertThat(token("Basic " + base64("yoasobi:"))).contains("yoasobi");
    assertThat(token("basic " + base64("yoasobi:").replace("=", ""))).contains("yoasobi");
    assertThat(token("Bearer yoasobi")).contains("yoasobi");
    assertThat(token("  bearer  yoasobi ")).contains("yoasobi");
  }

  @Test
  void shouldNotTakeAPasswordForAToken() {
    assertThat(token("Basic " + base64("user:yoasobi"))).contains("user:yoasobi");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Basic", "Basic !!!", "Digest x", "yoasobi", "Bearer a b"})
  void shouldReadNoTokenFromOtherCredentials(String credentials) {
    assertThat(token(credentials)).isEmpty();
  }

  @Test
  void shouldLeaveWhatFollowsTheHead() {
    ConnectHead reader = new ConnectHead();

    int taken = reader.add(bytes("\r\nCONNECT a:1 HTTP/1.1\nHost: a\n\nPRI * HTTP/2.0\r\n\r\n"));

    assertThat(taken).isEqualTo("\r\nCONNECT a:1 HTTP/1.1\nHost: a\n\n".length());
    assertThat(reader.request()).isPresent();
  }

  @Property(tries = 200)
  void shouldReadTheSameHoweverItIsCut(
      @ForAll @Size(max = 5) java.util.List<@IntRange(min = 1, max = 40) Integer> cuts) {
    String head = "CONNECT [::1]:7?nodeId=" + NODE + " HTTP/1.0\r\nHost: x\r\nA: b\r\n\r\n";
    ConnectHead reader = new ConnectHead();
    int from = 0;
    for (int cut : cuts) {
      int to = Math.min(head.length(), from + cut);
      assertThat(reader.request().isPresent()).isEqualTo(from == head.length());
      reader.add(bytes(head.substring(from, to)));
      from = to;
    }
    reader.add(bytes(head.substring(from)));

    assertThat(reader.request().orElseThrow().to()).isEqualTo(new HostPort("::1", 7));
  }

  @Property(tries = 500)
  void shouldAnswerWhateverComesWithARefusalAtMost(@ForAll @Size(max = 200) byte[] garbage) {
    ConnectHead reader = new ConnectHead();
    try {
      reader.add(garbage);
      reader.add(bytes("x\r\n\r\n"));
      reader.request();
    } catch (ConnectRefused refused) {
      assertThat(refused.getMessage()).matches("[\\x20-\\x7e]+");
    }
  }

  @Test
  void shouldTakeAHeadOfTheFullLengthAndNoLonger() {
    String begin = "CONNECT a:1 HTTP/1.1\r\nX: ";
    String end = "\r\n\r\n";
    String fits = begin + "x".repeat(ConnectHead.MOST - begin.length() - end.length()) + end;

    assertThat(parse(fits).to()).isEqualTo(new HostPort("a", 1));
    assertThatThrownBy(() -> new ConnectHead().add(bytes("x".repeat(ConnectHead.MOST + 1))))
        .isInstanceOfSatisfying(
            ConnectRefused.class, e -> assertThat(e.status().code()).isEqualTo(431));
  }

  @Test
  void shouldSlowDownWhoTriesTokens() {
    WrongTokens wrong = new WrongTokens();
    for (int i = 0; i < WrongTokens.BURST; i++) {
      assertThat(wrong.wait("10.0.0.1", 7)).isZero();
      wrong.wrong("10.0.0.1", 7);
    }
    wrong.wrong("10.0.0.1", 7);

    assertThat(wrong.wait("10.0.0.1", 7)).isEqualTo(20_000_000);
    assertThat(wrong.wait("10.0.0.1", 20_000_007)).isZero();
    assertThat(wrong.wait("10.0.0.2", 7)).isZero();
  }

  @Test
  void shouldRememberABoundedNumberOfAddresses() {
    WrongTokens wrong = new WrongTokens();
    for (int i = 0; i < 100 * WrongTokens.BURST; i++) {
      wrong.wrong("attacker", 7);
    }
    for (int i = 0; i < 1024; i++) {
      wrong.wrong("address " + i, 7);
    }

    assertThat(wrong.wait("attacker", 7)).isZero();
  }
}

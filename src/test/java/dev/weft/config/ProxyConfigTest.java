package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyConfigTest {
  private static ProxyConfig parse(String yaml) {
    return ConfigFile.parse(yaml, Map.of()).proxy();
  }

  @Test
  void shouldStartNeitherProxyByDefault() {
    ProxyConfig proxy = parse("proxy: {}");

    assertThat(proxy.transport()).isEqualTo(ProxyConfig.Carriage.QUIC);
    assertThat(proxy.forward())
        .isEqualTo(
            new ProxyConfig.Forward(
                "127.0.0.1",
                3128,
                new HostPort("0.0.0.0", 0),
                Optional.empty(),
                Optional.empty(),
                false));
    assertThat(proxy.reverse().target()).isEmpty();
    assertThat(proxy.connections()).isEmpty();
  }

  @Test
  void shouldReadProxiesAndConnections() {
    ProxyConfig proxy =
        parse(
            """
            proxy:
              transport: utp
              forward: { host: "::1", port: 0, token-file: /etc/weft/token, members: true }
              reverse: { target: "localhost:50052", utp: "0.0.0.0:1314", allow: [ 0123456789abcdef ] }
              connections:
                - { to: "server.example:7654" }
                - { to: "[2001:db8::1]:40000", nat: true, side: reverse, node: 0123456789abcdef,
                    transport: quic, timeout: 5s }
            """);

    assertThat(proxy.transport()).isEqualTo(ProxyConfig.Carriage.UTP);
    assertThat(proxy.forward().tokenFile()).contains(Path.of("/etc/weft/token"));
    assertThat(proxy.forward().members()).isTrue();
    assertThat(proxy.reverse())
        .isEqualTo(
            new ProxyConfig.Reverse(
                Optional.of(StreamAddress.of(new HostPort("localhost", 50052))),
                new HostPort("0.0.0.0", 1314),
                List.of("0123456789abcdef")));
    assertThat(proxy.connections())
        .containsExactly(
            new ProxyConfig.Connection(
                new HostPort("server.example", 7654),
                Optional.empty(),
                false,
                ProxyConfig.Side.FORWARD,
                Optional.empty(),
                ProxyConfig.TIMEOUT),
            new ProxyConfig.Connection(
                new HostPort("2001:db8::1", 40000),
                Optional.of("0123456789abcdef"),
                true,
                ProxyConfig.Side.REVERSE,
                Optional.of(ProxyConfig.Carriage.QUIC),
                Duration.ofSeconds(5)));
  }

  @Test
  void shouldNameAllThatIsWrong() {
    assertThatThrownBy(
            () ->
                parse(
                    """
                    proxy:
                      transport: tcp
                      forward: { host: localhost, token: "a b", token-file: x }
                      reverse: { target: "udp://h:1", allow: [ n1 ] }
                      connections:
                        - { to: server.example, timeout: 1ms }
                        - { to: "h:1", side: reverse }
                    """))
        .hasMessageContaining("proxy.transport: tcp (expected: quic, utp)")
        .hasMessageContaining("proxy.forward.host: localhost (expected: an IP address)")
        .hasMessageContaining("proxy.forward.token: a b (expected: " + ProxyConfig.TOKENS)
        .hasMessageContaining("proxy.reverse.target: udp://h:1 (expected: tcp://host:port")
        .hasMessageContaining("proxy.reverse.allow[0]: n1 (expected: a node id")
        .hasMessageContaining("proxy.connections[0].to: server.example (expected: host:port")
        .hasMessageContaining("proxy.connections[0].timeout: 1ms (expected: a duration")
        .hasMessageContaining("proxy.connections[1].nat: false (expected: true: a direct");
  }

  @Test
  void shouldRefuseTwoTokensAndAConnectionTwice() {
    assertThatThrownBy(
            () ->
                parse(
                    """
                    proxy:
                      forward: { token: a, token-file: b }
                      connections: [ { to: "h:1" }, { to: "h:1" } ]
                    """))
        .hasMessageContaining("proxy.forward.token: given beside token-file")
        .hasMessageContaining("proxy.connections: h:1 of side FORWARD twice (expected: each once)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a:b", "ä", "a\n"})
  void shouldRefuseWhatCannotStandInAProxysUrl(String token) {
    assertThat(ProxyConfig.isToken(token)).isFalse();
  }
}

package dev.weft.config;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The proxies: forward for clients of this host, reverse for its server.
 *
 * @param transport between the proxies of two nodes
 * @param connections with which nodes, besides those that calls add
 */
public record ProxyConfig(
    Carriage transport, Forward forward, Reverse reverse, List<Connection> connections) {
  /** What carries bytes between the proxies of two nodes. */
  public enum Carriage {
    QUIC,
    UTP
  }

  /** Which of a node's two proxies a connection is for. */
  public enum Side {
    FORWARD,
    REVERSE
  }

  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** Of a NAT connection for which none is given. */
  public static final Duration TIMEOUT = Duration.ofSeconds(20);

  /**
   * The forward proxy; it starts if there is a token.
   *
   * @param host address literal of its TCP listener
   * @param port 0 for any free one
   * @param utp its UDP socket for uTP
   * @param members whether clients reach members that nobody has added
   */
  public record Forward(
      String host,
      int port,
      HostPort utp,
      Optional<String> token,
      Optional<Path> tokenFile,
      boolean members) {
    static Forward read(Section s) {
      Forward forward =
          new Forward(
              s.read("host", "127.0.0.1", Kind.ADDRESS),
              s.read("port", "3128", Kind.PORT),
              s.read("utp", "0.0.0.0:0", Kind.LISTENER),
              s.read("token", "", TOKEN.orNone()),
              s.read("token-file", "", Kind.PATH.orNone()),
              s.read("members", "false", Kind.BOOLEAN));
      s.end();
      return forward;
    }
  }

  /**
   * The reverse proxy; it starts if there is a target.
   *
   * @param target the server of this host
   * @param utp its UDP socket for uTP
   * @param allow ids of the nodes that may connect; empty for all
   */
  public record Reverse(Optional<StreamAddress> target, HostPort utp, List<String> allow) {
    static Reverse read(Section s) {
      Reverse reverse =
          new Reverse(
              s.read("target", "", ServiceConfig.TARGET.orNone()),
              s.read("utp", "0.0.0.0:0", Kind.LISTENER),
              s.list("allow", MeshConfig.NODE));
      s.end();
      return reverse;
    }
  }

  /**
   * A connection with another node.
   *
   * @param to its UDP port as it is seen from here
   * @param node its id; empty for any node of the mesh
   * @param nat whether it is behind a NAT, so that both sides must begin
   * @param side whose it is
   * @param transport empty for that of the proxies
   * @param timeout of the first attempt to reach it
   */
  public record Connection(
      HostPort to,
      Optional<String> node,
      boolean nat,
      Side side,
      Optional<Carriage> transport,
      Duration timeout) {
    static Optional<Connection> read(Section s) {
      Optional<HostPort> to = s.required("to", PEER);
      Optional<String> node = s.read("node", "", MeshConfig.NODE.orNone());
      boolean nat = s.read("nat", "false", Kind.BOOLEAN);
      Side side = s.read("side", "forward", Kind.choice(Side.class));
      Optional<Carriage> transport = s.read("transport", "", Kind.choice(Carriage.class).orNone());
      Duration timeout = s.read("timeout", "20s", Kind.duration(Duration.ofSeconds(1), LONGEST));
      if (side == Side.REVERSE && !nat) {
        s.problem("nat", "false", "true: " + DIRECT_AT_FORWARD);
      }
      s.end();
      return to.map(at -> new Connection(at, node, nat, side, transport, timeout));
    }
  }

  /** Says where direct connections belong. */
  public static final String DIRECT_AT_FORWARD =
      "a direct connection is added at the forward proxy alone";

  /** Describes tokens in messages. */
  public static final String TOKENS = "1 to 255 printable ASCII characters, no spaces and no ':'";

  private static final Kind<String> TOKEN =
      new Kind<>(TOKENS, t -> Optional.of(t).filter(ProxyConfig::isToken));

  private static final Kind<HostPort> PEER =
      new Kind<>(
          "host:port or [address]:port", t -> HostPort.parse(t, -1).filter(at -> at.port() > 0));

  /** Whether a text can stand as the user of a proxy's URL. */
  public static boolean isToken(String text) {
    return text.length() <= 255
        && !text.isEmpty()
        && text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ':');
  }

  static ProxyConfig read(Section s) {
    ProxyConfig proxy =
        new ProxyConfig(
            s.read("transport", "quic", Kind.choice(Carriage.class)),
            Forward.read(s.section("forward")),
            Reverse.read(s.section("reverse")),
            s.sections("connections", Connection::read));
    s.end();
    return proxy;
  }
}

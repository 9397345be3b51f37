package dev.weft.config;

import dev.weft.address.HostPort;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The mesh. It is off without listeners and links.
 *
 * @param listen where links are accepted: {@code udp://}, {@code tcp://} or {@code unix:}
 * @param links which links this node dials and keeps
 * @param relay whether frames are carried for other nodes
 * @param relayRate bytes a second carried for others; 0 for no limit
 * @param debugTokens whether frames carry random tokens that both ends log
 */
public record MeshConfig(
    List<LinkAddress> listen,
    List<Link> links,
    boolean relay,
    long relayRate,
    boolean debugTokens) {
  private static final long MAX_RATE = 1L << 40;

  /**
   * Where a link leads, {@code scheme:rest}.
   *
   * @param rest {@code host:port}, a path or a command
   */
  public record LinkAddress(String scheme, String rest) {
    private static final Pattern FORM = Pattern.compile("(udp|tcp|unix|exec|serial):(//)?(.+)");

    private static Optional<LinkAddress> parse(String text) {
      var match = FORM.matcher(text);
      return match.matches()
          ? Optional.of(new LinkAddress(match.group(1), match.group(3)))
          : Optional.empty();
    }

    private static Kind<LinkAddress> kind(Set<String> schemes, String expected) {
      return new Kind<>(expected, t -> parse(t).filter(a -> schemes.contains(a.scheme)));
    }

    @Override
    public String toString() {
      return scheme + (scheme.equals("udp") || scheme.equals("tcp") ? "://" : ":") + rest;
    }
  }

  /**
   * A link that this node dials.
   *
   * @param node the id of the node that must answer; empty for any node of the mesh
   * @param proxy an HTTP proxy through which a tcp link goes out with CONNECT
   * @param speed of a serial line, bits a second
   */
  public record Link(LinkAddress to, Optional<String> node, Optional<HostPort> proxy, int speed) {
    static Optional<Link> read(Section s) {
      Optional<LinkAddress> to =
          s.required(
              "to",
              LinkAddress.kind(
                  Set.of("udp", "tcp", "unix", "exec", "serial"),
                  "udp://host:port, tcp://host:port, unix:PATH, exec:COMMAND or serial:DEVICE"));
      Optional<String> node = s.read("node", "", NODE.orNone());
      Optional<HostPort> proxy = s.read("proxy", "", Kind.peer(3128).orNone());
      int speed = s.read("speed", "115200", Kind.integer(1200, 4_000_000));
      s.end();
      return to.map(address -> new Link(address, node, proxy, speed));
    }
  }

  private static final Kind<String> NODE =
      new Kind<>(
          "a node id: 16 lower case hex digits",
          t -> Optional.of(t).filter(id -> id.matches("[0-9a-f]{16}")));

  static MeshConfig read(Section s) {
    MeshConfig mesh =
        new MeshConfig(
            s.list(
                "listen",
                LinkAddress.kind(
                    Set.of("udp", "tcp", "unix"),
                    "udp://address:port, tcp://address:port or unix:PATH")),
            s.sections("links", Link::read),
            s.read("relay", "true", Kind.BOOLEAN),
            s.read("relay-rate", "0B", Kind.size(0, MAX_RATE)),
            s.read("debug-tokens", "false", Kind.BOOLEAN));
    s.end();
    return mesh;
  }

  /** Whether there is anything that links could come from. */
  public boolean on() {
    return !listen.isEmpty() || !links.isEmpty();
  }
}

package dev.weft.config;

import dev.weft.address.HostPort;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mesh. It is off without listeners and links.
 *
 * @param listen where links are accepted: {@code udp://}, {@code tcp://} or {@code unix:}
 * @param links which links this node dials and keeps
 * @param services which servers this node exports to the mesh
 * @param forwards where this node opens services of the mesh
 * @param relay whether frames are carried for other nodes
 * @param relayRate bytes a second carried for others; 0 for no limit
 * @param nat how the NAT before this node is found out and dealt with
 * @param debugTokens whether frames carry random tokens that both ends log
 */
public record MeshConfig(
    List<LinkAddress> listen,
    List<Link> links,
    List<ServiceConfig> services,
    List<ForwardConfig> forwards,
    boolean relay,
    long relayRate,
    NatConfig nat,
    boolean debugTokens) {
  private static final long MAX_RATE = 1L << 40;

  static final Kind<String> NODE =
      new Kind<>(
          "a node id: 16 lower case hex digits",
          t -> Optional.of(t).filter(id -> id.matches("[0-9a-f]{16}")));

  /** A node without services and forwards. */
  public MeshConfig(
      List<LinkAddress> listen,
      List<Link> links,
      boolean relay,
      long relayRate,
      boolean debugTokens) {
    this(listen, links, List.of(), List.of(), relay, relayRate, NatConfig.DEFAULT, debugTokens);
  }

  /** Of udp and tcp links for which none is given. */
  private static final int PORT = 7654;

  /**
   * Where a link leads, {@code scheme:rest}.
   *
   * @param rest {@code host:port}, a path or a command
   */
  public record LinkAddress(String scheme, String rest) {
    private static final Pattern FORM = Pattern.compile("([a-z]+):(//)?(.+)");

    private static final Kind<LinkAddress> LISTENED =
        kind(
            "udp://address:port, tcp://address:port or unix:PATH",
            Map.of("udp", Kind.LISTENER, "tcp", Kind.LISTENER, "unix", Kind.SOCKET_PATH));

    private static final Kind<LinkAddress> DIALLED =
        kind(
            "udp://host:port, tcp://host:port, unix:PATH, exec:COMMAND or serial:DEVICE",
            Map.of(
                "udp",
                Kind.peer(PORT),
                "tcp",
                Kind.peer(PORT),
                "unix",
                Kind.SOCKET_PATH,
                "exec",
                new Kind<>("a command", Optional::of),
                "serial",
                Kind.PATH));

    private static Kind<LinkAddress> kind(String expected, Map<String, Kind<?>> schemes) {
      return new Kind<>(
          expected,
          text -> {
            Matcher form = FORM.matcher(text);
            return form.matches()
                    && schemes.containsKey(form.group(1))
                    && schemes.get(form.group(1)).parse(form.group(3)).isPresent()
                ? Optional.of(new LinkAddress(form.group(1), form.group(3)))
                : Optional.empty();
          });
    }

    /** Host and port of a udp or tcp address; empty for other kinds. */
    public Optional<HostPort> hostPort() {
      return hasPort() ? HostPort.parse(rest, PORT) : Optional.empty();
    }

    private boolean hasPort() {
      return scheme.equals("udp") || scheme.equals("tcp");
    }

    @Override
    public String toString() {
      return scheme + (hasPort() ? "://" : ":") + rest;
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
      Optional<LinkAddress> to = s.required("to", LinkAddress.DIALLED);
      Optional<String> node = s.read("node", "", NODE.orNone());
      Optional<HostPort> proxy = s.read("proxy", "", Kind.peer(3128).orNone());
      int speed = s.read("speed", "115200", Kind.integer(1200, 4_000_000));
      s.end();
      return to.map(address -> new Link(address, node, proxy, speed));
    }
  }

  static MeshConfig read(Section s) {
    MeshConfig mesh =
        new MeshConfig(
            s.list("listen", LinkAddress.LISTENED),
            s.sections("links", Link::read),
            s.sections("services", ServiceConfig::read),
            s.sections("forwards", ForwardConfig::read),
            s.read("relay", "true", Kind.BOOLEAN),
            s.read("relay-rate", "0B", Kind.size(0, MAX_RATE)),
            NatConfig.read(s),
            s.read("debug-tokens", "false", Kind.BOOLEAN));
    s.end();
    return mesh;
  }

  /** Whether there is anything that links could come from. */
  public boolean on() {
    return !listen.isEmpty() || !links.isEmpty();
  }
}

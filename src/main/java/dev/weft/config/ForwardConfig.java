package dev.weft.config;

import dev.weft.address.StreamAddress;
import java.util.Optional;

/**
 * Where a node opens a service of the mesh.
 *
 * @param listen where clients of this host connect
 * @param node the id or the name of the node that exports the service, or {@link #ANY}
 * @param service its name
 */
public record ForwardConfig(StreamAddress listen, String node, String service) {
  /** The nearest node that exports the service. */
  public static final String ANY = "any";

  /** Describes nodes of forwards in messages. */
  public static final String NODES = "any, a node id or a node's name";

  private static final Kind<StreamAddress> LISTENER =
      new Kind<>(StreamAddress.LISTENERS, StreamAddress::listener);

  private static final Kind<String> NODE =
      new Kind<>(NODES, t -> Optional.of(t).filter(ForwardConfig::isNode));

  static Optional<ForwardConfig> read(Section s) {
    Optional<StreamAddress> listen = s.required("listen", LISTENER);
    String node = s.read("node", ANY, NODE);
    Optional<String> service = s.required("service", ServiceConfig.NAME);
    s.end();
    return listen.isPresent() && service.isPresent()
        ? Optional.of(new ForwardConfig(listen.get(), node, service.get()))
        : Optional.empty();
  }

  /** Whether a forward can name its node so. */
  public static boolean isNode(String text) {
    return Kind.NAME.parse(text).isPresent();
  }
}

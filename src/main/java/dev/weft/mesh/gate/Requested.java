package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.ForwardConfig;
import dev.weft.config.ServiceConfig;
import java.util.List;
import java.util.regex.Pattern;

/** Reads what a call asks for. */
public final class Requested {
  private static final Pattern NODE = Pattern.compile("[0-9a-f]{16}");

  private Requested() {}

  /**
   * An export.
   *
   * @param allow node ids; empty for all
   * @throws WeftException INVALID with the value and what was expected
   */
  public static ServiceConfig export(String name, String target, List<String> allow) {
    check("name", name, ServiceConfig.isName(name), ServiceConfig.NAMES);
    allow.forEach(
        id -> check("allow", id, NODE.matcher(id).matches(), "node ids: 16 lower case hex digits"));
    return new ServiceConfig(
        name,
        StreamAddress.target(target)
            .orElseThrow(() -> Fault.invalid("target", target, StreamAddress.TARGETS)),
        List.copyOf(allow));
  }

  /**
   * A forward.
   *
   * @throws WeftException INVALID with the value and what was expected
   */
  public static ForwardConfig forward(String listen, String node, String service) {
    check("node", node, ForwardConfig.isNode(node), ForwardConfig.NODES);
    check("service", service, ServiceConfig.isName(service), ServiceConfig.NAMES);
    return new ForwardConfig(listener(listen), node, service);
  }

  /**
   * Where a forward listens.
   *
   * @throws WeftException INVALID with the value and what was expected
   */
  public static StreamAddress listener(String listen) {
    return StreamAddress.listener(listen)
        .orElseThrow(() -> Fault.invalid("listen", listen, StreamAddress.LISTENERS));
  }

  private static void check(String what, String value, boolean good, String expected) {
    if (!good) {
      throw Fault.invalid(what, value, expected);
    }
  }
}

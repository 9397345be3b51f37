package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.NsmConfig;
import dev.weft.linux.InterfaceName;
import dev.weft.nsm.proto.Composition;
import dev.weft.pod.PodRef;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Names that programs give, and those that interfaces get. */
public final class Names {
  /** IFNAMSIZ without its terminating zero. */
  private static final int MAX_INTERFACE = 15;

  private static final int MAX_LENGTH = 253;
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1,253}");
  private static final Pattern HEX_ID = Pattern.compile("[0-9a-f]{16}");

  private Names() {}

  /** Names of services and providers. */
  public static String name(String what, String value) {
    if (!NsmConfig.NAME.matcher(value).matches()) {
      throw Fault.invalid(
          what, shown(value), "1 to 253 letters, digits, '.', '_' or '-', as in firewall");
    }
    return value;
  }

  public static String requestId(String value) {
    if (!PRINTABLE.matcher(value).matches()) {
      throw Fault.invalid(
          "request_id", shown(value), "1 to 253 printable characters, such as the pod's UID");
    }
    return value;
  }

  public static String connectionId(String value) {
    return connectionId("connection_id", value);
  }

  private static String connectionId(String what, String value) {
    if (!HEX_ID.matcher(value).matches()) {
      throw Fault.invalid(what, shown(value), "16 hex digits");
    }
    return value;
  }

  /** A place in a chain that another node names. */
  public static void composition(Composition told) {
    name("composition.service", told.getService());
    connectionId(told.getConnectionId());
    connectionId("composition.node", told.getNode());
    int hops = told.getViaCount();
    if (hops < 1 || hops > ChainHop.MAX || told.getHop() < 1 || told.getHop() > hops) {
      throw Fault.invalid(
          "composition",
          "hop " + told.getHop() + " of " + hops,
          "a hop of at most " + ChainHop.MAX);
    }
    told.getViaList().forEach(service -> name("composition.via", service));
  }

  /** A pod that another node names. */
  public static PodRef pod(String what, String value) {
    try {
      return PodRef.parse(value);
    } catch (IllegalArgumentException | WeftException e) {
      throw Fault.invalid(what, shown(value), "a pod as ns/name");
    }
  }

  /** A link's name that another node gives. */
  public static String interfaceName(String what, String value) {
    try {
      return InterfaceName.check(value);
    } catch (IllegalArgumentException e) {
      throw Fault.invalid(what, shown(value), InterfaceName.EXPECTED);
    }
  }

  /**
   * A free interface name: the service's name, cut to 15 characters, with a number if the name is
   * taken. The number is found by bisection, so that a few of thousands of names are tested; it is
   * the lowest free one unless a name before it became free again.
   */
  public static String interfaceFor(String service, Predicate<String> taken) {
    return free(service, name -> InterfaceName.isReserved(name) || taken.test(name));
  }

  private static String free(String service, Predicate<String> taken) {
    int free = 0;
    while (taken.test(numbered(service, free))) {
      free = Math.max(1, 2 * free);
    }
    int below = free / 2;
    while (free - below > 1) {
      int middle = (below + free) >>> 1;
      if (taken.test(numbered(service, middle))) {
        below = middle;
      } else {
        free = middle;
      }
    }
    return numbered(service, free);
  }

  private static String numbered(String service, int number) {
    String digits = number == 0 ? "" : Integer.toString(number);
    int kept = Math.min(service.length(), MAX_INTERFACE - digits.length());
    return service.substring(0, kept) + digits;
  }

  /** The endpoint's interface; unique on its node by the connection's random id. */
  public static String endpointInterface(String connectionId) {
    return "nsm" + connectionId.substring(0, 12);
  }

  /** A value as a message may show it: printable, and not too long. */
  private static String shown(String value) {
    String printable = value.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= MAX_LENGTH + 11
        ? "\"" + printable + "\""
        : "\"" + printable.substring(0, 32) + "…\" of " + value.length() + " characters";
  }
}

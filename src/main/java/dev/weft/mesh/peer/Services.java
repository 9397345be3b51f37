package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.config.ServiceConfig;
import dev.weft.mesh.proto.ObjectKind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** What this node exports. For one thread. */
final class Services {
  /** Services of a node, at most; a list that names more is not taken. */
  static final int MOST = 1000;

  /** UTF-8 bytes of all names together, so that the list fits a message. */
  static final int MOST_BYTES = ControlReader.MAX_MESSAGE - 8 * MOST;

  /**
   * A service.
   *
   * @param allow ids of the nodes that may connect; empty for all
   */
  record Export(String name, Set<String> allow, ObjectKind kind, ServiceProvider provider) {}

  private final TreeMap<String, Export> exports = new TreeMap<>();

  /**
   * @throws dev.weft.bus.WeftException INVALID for the name, CONFLICT for one that is exported,
   *     EXHAUSTED if there are too many
   */
  void add(Export export) {
    checkName(export.name());
    if (exports.containsKey(export.name())) {
      throw Fault.CONFLICT.because(
          "service: " + export.name() + " (expected: one that is not exported)");
    }
    int bytes = exports.keySet().stream().mapToInt(Services::bytes).sum() + bytes(export.name());
    if (exports.size() == MOST || bytes > MOST_BYTES) {
      throw Fault.EXHAUSTED.because(
          "services: %d with names of %d bytes (expected: at most %d, %d bytes)"
              .formatted(exports.size() + 1, bytes, MOST, MOST_BYTES));
    }
    exports.put(export.name(), export);
  }

  private static int bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Whether it was exported. */
  boolean remove(String name) {
    return exports.remove(name) != null;
  }

  /** Sorted. */
  List<String> names() {
    return List.copyOf(exports.keySet());
  }

  /**
   * The service that a node wants.
   *
   * @throws dev.weft.bus.WeftException INVALID for a name that is none or another kind, NOT_FOUND,
   *     or DENIED
   */
  Export find(String name, ObjectKind kind, String node) {
    checkName(name);
    Export export = exports.get(name);
    if (export == null) {
      throw Fault.NOT_FOUND.because("service: " + name + " (expected: one that the node exports)");
    }
    if (!export.allow().isEmpty() && !export.allow().contains(node)) {
      throw Fault.DENIED.because("service: " + name + ": not allowed for node " + node);
    }
    if (export.kind() != kind) {
      throw Fault.invalid("service " + name + ": kind", Words.of(kind), Words.of(export.kind()));
    }
    return export;
  }

  /** Whether another node may have a list like this: what it says is kept for each node. */
  static void checkList(List<String> names) {
    if (names.size() > MOST) {
      throw Fault.invalid("services", names.size(), "at most " + MOST);
    }
    names.forEach(Services::checkName);
  }

  static void checkName(String name) {
    if (!ServiceConfig.isName(name)) {
      throw Fault.invalid("service", name, ServiceConfig.NAMES);
    }
  }
}

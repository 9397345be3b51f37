package dev.weft.mesh.gate;

import dev.weft.bus.Fault;
import java.util.Locale;

/** Where an export or a forward comes from. */
enum GateOrigin {
  CONFIGURED,
  CREATED;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Checks whether a call may remove it.
   *
   * @param key of the configuration, which has it otherwise
   */
  void checkCreated(String what, String key) {
    if (this == CONFIGURED) {
      throw Fault.PRECONDITION.because(
          "%s is of the configuration (expected: one that was created; change %s there)"
              .formatted(what, key));
    }
  }
}

package dev.weft.mesh.gate;

import java.util.Locale;

/** Where an export or a forward comes from. */
enum GateOrigin {
  CONFIGURED,
  CREATED;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

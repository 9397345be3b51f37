package dev.weft.api;

import dev.weft.bus.Bus;

/** {@code /netcheck}. */
final class NetCheckResource {
  private final NetChecks checks;

  NetCheckResource(Bus bus) {
    this.checks = bus.proxy(NetChecks.class);
  }

  void bind(Operations operations) {
    operations.answer("getNetCheck", ctx -> checks.check());
  }
}

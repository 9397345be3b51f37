package dev.weft.wire.path;

import dev.weft.bus.Fault;
import dev.weft.config.WiresConfig;

/** Chooses the driver of a node. */
final class DriverChoice {
  private DriverChoice() {}

  /**
   * Whether to use the epoll driver. INVALID if the configuration asks for epoll, which does not
   * load.
   *
   * @param unavailable why Netty's native epoll does not load; null if it loads
   */
  static boolean isEpoll(WiresConfig.Driver asked, Throwable unavailable) {
    if (asked == WiresConfig.Driver.EPOLL && unavailable != null) {
      throw Fault.INVALID.because(
          "wires.driver: epoll (expected: auto or worker, as Netty's native epoll does not load"
              + " here: "
              + unavailable.getMessage()
              + ")",
          unavailable);
    }
    return asked != WiresConfig.Driver.WORKER && unavailable == null;
  }
}

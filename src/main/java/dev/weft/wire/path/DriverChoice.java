package dev.weft.wire.path;

import dev.weft.bus.Fault;
import dev.weft.config.WiresConfig;

/** Which driver a node runs. */
final class DriverChoice {
  private DriverChoice() {}

  /**
   * Whether it is the epoll driver. INVALID where that one is asked for by name and cannot be had.
   *
   * @param unavailable why Netty's native epoll does not load; null if it does
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

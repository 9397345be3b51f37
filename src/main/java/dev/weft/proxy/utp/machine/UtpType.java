package dev.weft.proxy.utp.machine;

import java.util.Optional;

/** What a packet is. */
public enum UtpType {
  DATA(0),
  FIN(1),
  STATE(2),
  RESET(3),
  SYN(4);

  private static final UtpType[] ALL = values();

  /** As BEP 29 says. */
  final int number;

  UtpType(int number) {
    this.number = number;
  }

  static Optional<UtpType> of(int number) {
    return number < ALL.length ? Optional.of(ALL[number]) : Optional.empty();
  }
}

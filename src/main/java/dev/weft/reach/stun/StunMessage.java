package dev.weft.reach.stun;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A STUN message.
 *
 * @param method 0..4095, nearly always {@link #BINDING}
 * @param attributes those before MESSAGE-INTEGRITY, which protects no others
 * @param fingerprint whether it ends with a FINGERPRINT, which is right
 */
record StunMessage(
    Kind kind, int method, TransactionId id, List<StunAttribute> attributes, boolean fingerprint) {
  static final int BINDING = 1;

  /** The class of a message, by its two bits. */
  enum Kind {
    REQUEST(0),
    INDICATION(1),
    SUCCESS(2),
    ERROR(3);

    final int bits;

    Kind(int bits) {
      this.bits = bits;
    }

    static Kind of(int bits) {
      return switch (bits) {
        case 0 -> REQUEST;
        case 1 -> INDICATION;
        case 2 -> SUCCESS;
        default -> ERROR;
      };
    }
  }

  static StunMessage binding(Kind kind, TransactionId id, List<StunAttribute> attributes) {
    return new StunMessage(kind, BINDING, id, List.copyOf(attributes), true);
  }

  private <A extends StunAttribute> Stream<A> all(Class<A> type) {
    return attributes.stream().filter(type::isInstance).map(type::cast);
  }

  /** Where the server has seen the sender of the request. */
  Optional<InetSocketAddress> mapped() {
    return address(StunAttribute.Place.XOR_MAPPED).or(() -> address(StunAttribute.Place.MAPPED));
  }

  Optional<InetSocketAddress> address(StunAttribute.Place place) {
    return all(StunAttribute.Address.class)
        .filter(a -> a.place() == place)
        .map(StunAttribute.Address::address)
        .findFirst();
  }

  OptionalInt port(int type) {
    return all(StunAttribute.Port.class)
        .filter(p -> p.type() == type)
        .mapToInt(StunAttribute.Port::port)
        .findFirst();
  }

  StunAttribute.ChangeRequest change() {
    return all(StunAttribute.ChangeRequest.class)
        .findFirst()
        .orElse(new StunAttribute.ChangeRequest(false, false));
  }

  Optional<StunAttribute.ErrorCode> error() {
    return all(StunAttribute.ErrorCode.class).findFirst();
  }
}

package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import java.util.Optional;

/**
 * The addresses of one connection.
 *
 * @param four a /30
 * @param six a /126; empty for a connection without IPv6 addresses
 */
public record Block(Cidr four, Optional<Cidr> six) {
  /** Bytes; the kernel has no IPv6 on links with less (RFC 8200 section 5). */
  public static final int LEAST_MTU_6 = 1280;

  /** The IPv6 part as a connection keeps it; null for none. */
  public String sixOrNull() {
    return six.map(Cidr::toString).orElse(null);
  }
}

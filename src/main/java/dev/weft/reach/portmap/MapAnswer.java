package dev.weft.reach.portmap;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;

/** What a router answers, by either protocol. */
sealed interface MapAnswer {
  /** Seconds since the router lost its mappings. */
  long epoch();

  /**
   * A mapping of UDP.
   *
   * @param nonce PCP's; empty for NAT-PMP
   * @param external PCP tells the address too
   * @param lifetime zero: it is gone
   */
  record Mapped(
      long epoch,
      Optional<MappingNonce> nonce,
      int internalPort,
      int externalPort,
      Optional<InetAddress> external,
      Duration lifetime)
      implements MapAnswer {}

  /** The router's outside address, by NAT-PMP. */
  record Outside(long epoch, InetAddress address) implements MapAnswer {}

  /**
   * No mapping.
   *
   * @param version of the protocol that the router speaks: 0 for NAT-PMP, 2 for PCP
   * @param nonce of the refused request, if the router repeats it
   * @param retryAfter how long it should not be asked again; zero if it does not say
   */
  record Refused(
      long epoch, int version, int code, Optional<MappingNonce> nonce, Duration retryAfter)
      implements MapAnswer {
    static final int UNSUPPORTED_VERSION = 1;

    /** For people, after RFC 6887 section 7.4 and RFC 6886 section 3.5. */
    String reason() {
      return switch (code) {
        case UNSUPPORTED_VERSION -> "unsupported version";
        case 2 -> "not authorized";
        case 3 -> version == 0 ? "network failure" : "malformed request";
        case 4 -> version == 0 ? "out of resources" : "unsupported opcode";
        case 5 -> version == 0 ? "unsupported opcode" : "unsupported option";
        case 7 -> "network failure";
        case 8 -> "out of resources";
        case 9 -> "unsupported protocol";
        case 10 -> "this node has too many mappings";
        case 11 -> "no such external port";
        case 12 -> "there is another NAT between";
        default -> "error " + code;
      };
    }
  }
}

package dev.weft.reach;

import java.time.Duration;
import java.util.Optional;

/**
 * How the NAT before a node behaves, in the terms of RFC 4787, as far as it could be found out.
 *
 * @param udp whether anybody who was asked over UDP has answered
 * @param ipv6 whether anybody has answered over IPv6
 * @param mapping on what the public port depends
 * @param filtering whose datagrams are let in
 * @param hairpin whether two nodes behind the NAT reach each other by their public addresses
 * @param lifetime how long a mapping stands without traffic
 */
public record NatBehaviour(
    Verdict udp,
    Verdict ipv6,
    Dependence mapping,
    Dependence filtering,
    Verdict hairpin,
    Lifetime lifetime) {
  public static final NatBehaviour UNKNOWN =
      new NatBehaviour(
          Verdict.UNKNOWN,
          Verdict.UNKNOWN,
          Dependence.UNKNOWN,
          Dependence.UNKNOWN,
          Verdict.UNKNOWN,
          Lifetime.UNKNOWN);

  /** Unknown: it could not be asked, for example for want of a second member. */
  public enum Verdict {
    UNKNOWN,
    YES,
    NO
  }

  /** Of the destination, on what something depends. */
  public enum Dependence {
    UNKNOWN,
    /** There is no NAT: others see an address of this host. */
    NO_NAT,
    ENDPOINT_INDEPENDENT,
    ADDRESS_DEPENDENT,
    /** As mapping: a symmetric NAT. */
    ADDRESS_AND_PORT_DEPENDENT
  }

  /**
   * How long a mapping stands that nothing is sent through.
   *
   * @param alive the longest silence after which one still stood
   * @param expired the shortest after which one was gone
   */
  public record Lifetime(Optional<Duration> alive, Optional<Duration> expired) {
    public static final Lifetime UNKNOWN = new Lifetime(Optional.empty(), Optional.empty());
  }

  /** Whether each destination sees another address or port of this node. */
  public boolean symmetric() {
    return mapping == Dependence.ADDRESS_DEPENDENT
        || mapping == Dependence.ADDRESS_AND_PORT_DEPENDENT;
  }
}

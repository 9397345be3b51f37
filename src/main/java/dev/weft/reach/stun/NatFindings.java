package dev.weft.reach.stun;

import dev.weft.reach.NatBehaviour;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What asking has shown.
 *
 * @param asked the servers, of which those without a sighting were silent
 */
record NatFindings(
    List<InetSocketAddress> asked, List<Sighting> sightings, NatBehaviour behaviour) {

  static final NatFindings NONE = new NatFindings(List.of(), List.of(), NatBehaviour.UNKNOWN);

  /**
   * How a server sees the node's port.
   *
   * @param answer what else it said
   */
  record Sighting(InetSocketAddress server, InetSocketAddress mapped, StunMessage answer) {}
}

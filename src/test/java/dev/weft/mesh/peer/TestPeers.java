package dev.weft.mesh.peer;

import dev.weft.reach.PeerPorts;
import java.security.SecureRandom;
import java.time.Clock;

/** Peers without links: the way to each node is the node itself. */
final class TestPeers {
  private TestPeers() {}

  static Peers at(PeerPorts.Node node, Peers.Observer observer) {
    return new Peers(
        new Peers.Ground(
            node.loop(),
            node.id(),
            node.port(),
            to -> to,
            new SecureRandom(),
            Clock.systemUTC(),
            observer));
  }
}

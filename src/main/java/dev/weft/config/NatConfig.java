package dev.weft.config;

import dev.weft.address.HostPort;
import java.util.List;

/**
 * The NAT before a node; keys of the mesh's section.
 *
 * @param stun servers that are asked how they see the node's UDP port, besides other nodes
 * @param mapPort whether the router is asked to map that port
 * @param punch whether peers' connections take paths by UDP straight to them
 */
public record NatConfig(List<HostPort> stun, boolean mapPort, boolean punch) {
  static final NatConfig DEFAULT = new NatConfig(List.of(), true, true);

  private static final int PORT = 3478;

  static NatConfig read(Section mesh) {
    return new NatConfig(
        mesh.list("stun", Kind.peer(PORT)),
        mesh.read("map-port", "true", Kind.BOOLEAN),
        mesh.read("punch", "true", Kind.BOOLEAN));
  }
}

package dev.weft.nsm;

import dev.weft.pod.PodRef;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A connection as it is, told by a node that has one of its ends.
 *
 * @param clientPod the client
 * @param clientInterface the interface's name in the client's namespace
 * @param clientAddress with its prefix length
 * @param clientAddress6 its IPv6 address likewise; null for none
 * @param provider who provides the service, {@code namespace/name}
 * @param endpointAddress6 null for none
 * @param routes what the client reaches through its interface
 * @param unsetRoutes what the endpoint offers besides, and why the client does not have it
 * @param reason why it is not up; null if it is
 * @param since when the client asked
 * @param chain its place in a chain of services; null for a service of its own
 * @param hops of the client's connection to a chain: all of its hops that are known
 */
public record ConnectionStatus(
    String id,
    String service,
    String requestId,
    String clientNode,
    PodRef clientPod,
    String clientInterface,
    String clientAddress,
    String clientAddress6,
    String endpointNode,
    String provider,
    String endpointInterface,
    String endpointAddress,
    String endpointAddress6,
    List<String> routes,
    List<UnsetRoute> unsetRoutes,
    Mechanism carrier,
    int mtu,
    ConnectionState state,
    String reason,
    Instant since,
    ChainPlace chain,
    List<ConnectionHop> hops) {
  /** Whether it leads to the same endpoint as another, by the same addresses and routes. */
  public boolean leadsAs(ConnectionStatus other) {
    return endpointNode.equals(other.endpointNode)
        && provider.equals(other.provider)
        && clientInterface.equals(other.clientInterface)
        && clientAddress.equals(other.clientAddress)
        && endpointAddress.equals(other.endpointAddress)
        && Objects.equals(clientAddress6, other.clientAddress6)
        && routes.equals(other.routes)
        // After a start the further hops are not known.
        && (hops.size() != other.hops.size() || way(hops).equals(way(other.hops)));
  }

  private static List<String> way(List<ConnectionHop> hops) {
    return hops.stream().map(hop -> hop.endpointNode() + " " + hop.provider()).toList();
  }
}

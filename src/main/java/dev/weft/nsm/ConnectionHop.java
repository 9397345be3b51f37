package dev.weft.nsm;

import dev.weft.pod.PodRef;

/**
 * A hop of a connection to a chain of services, as the client's node knows it.
 *
 * @param number from 1: the client's own
 * @param connection the id of the hop's connection
 * @param client the pod that the hop begins at: of the endpoint before
 * @param clientAddress6 null for a hop without IPv6 addresses
 * @param provider who provides the service, {@code namespace/name}
 * @param endpointNode the provider's
 * @param endpointAddress6 null for a hop without IPv6 addresses
 * @param state as a connection's
 * @param reason why it is not up; null if it is
 */
public record ConnectionHop(
    int number,
    String service,
    String connection,
    PodRef client,
    String clientAddress,
    String clientAddress6,
    String provider,
    String endpointNode,
    String endpointAddress,
    String endpointAddress6,
    String state,
    String reason) {}

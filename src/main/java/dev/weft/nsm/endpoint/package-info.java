/**
 * Endpoints: who provides which service, on this node, on other members and outside the cluster.
 *
 * <p>Enters: {@code nseconnect.EndpointOperations/AdvertiseEndpoint} and {@code RemoveEndpoint} on
 * the socket {@code nsm.endpoint.io.sock}; signed records of other members in the shared table
 * {@code endpoints}.
 *
 * <p>Leaves: this node's records in that table and on disk; {@code
 * nseconnect.EndpointConnection/RequestEndpointConnection} to an endpoint on the socket that it
 * advertised; {@link dev.weft.nsm.EndpointChanged} facts.
 */
package dev.weft.nsm.endpoint;

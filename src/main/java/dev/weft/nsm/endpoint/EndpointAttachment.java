package dev.weft.nsm.endpoint;

import dev.weft.address.Cidr;
import java.util.List;

/**
 * Where an endpoint wants a connection.
 *
 * @param netns its network namespace, as {@link dev.weft.linux.Netns#open} takes it
 * @param identity that namespace's cookie
 * @param routes destinations that clients are to reach through it
 */
public record EndpointAttachment(String netns, long identity, List<String> routes) {
  EndpointAttachment withoutSix() {
    return new EndpointAttachment(
        netns,
        identity,
        routes.stream().filter(route -> Cidr.parse(route).bits() == Integer.SIZE).toList());
  }
}

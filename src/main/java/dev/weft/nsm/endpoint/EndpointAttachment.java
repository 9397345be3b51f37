package dev.weft.nsm.endpoint;

import java.util.List;

/**
 * Where an endpoint wants a connection.
 *
 * @param netns its network namespace, as {@link dev.weft.linux.Netns#open} takes it
 * @param identity that namespace's cookie
 * @param routes destinations that clients are to reach through it
 */
public record EndpointAttachment(String netns, long identity, List<String> routes) {}

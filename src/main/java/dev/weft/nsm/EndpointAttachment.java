package dev.weft.nsm;

import java.util.List;

/**
 * Where an endpoint wants a connection.
 *
 * @param netns its network namespace, as {@link dev.weft.linux.Netns#open} takes it
 * @param inode identity of that namespace
 * @param routes destinations that clients are to reach through it
 */
record EndpointAttachment(String netns, long inode, List<String> routes) {}

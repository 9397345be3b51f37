package dev.weft.proxy.track;

import dev.weft.proxy.carrier.Remote;

/**
 * A connection that somebody wants.
 *
 * @param transport by its name
 */
public record WantedConnection(Remote remote, String transport) {}

package dev.weft.nsm;

/**
 * A route of a service that its client does not have.
 *
 * @param route destination, as a prefix
 * @param reason why it was not set
 */
public record UnsetRoute(String route, String reason) {}

package dev.weft.linux;

import java.util.Optional;

/**
 * The kernel's answer to a request for the route to one destination.
 *
 * @param route of the main table, to exactly that destination
 * @param isCertain false if the kernel answered with a narrower route, one of another table or one
 *     without a device: then only a dump shows the route. The kernel never answers with a throw
 *     route, as if there were none.
 */
public record RouteMatch(Optional<Route> route, boolean isCertain) {}

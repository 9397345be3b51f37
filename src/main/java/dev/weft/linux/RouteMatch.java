package dev.weft.linux;

import java.util.Optional;

/**
 * What the kernel answers when it is asked for the route to one destination.
 *
 * @param route of the main table, to exactly that destination
 * @param isCertain false if a narrower route, another table or a route without a device answers in
 *     its place: then only a dump tells. A throw route is never seen: the kernel answers as if
 *     there were none.
 */
public record RouteMatch(Optional<Route> route, boolean isCertain) {}

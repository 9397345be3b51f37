package dev.weft.linux;

/** A route of a batch that the kernel refused. */
public record RouteFailure(Route route, LinuxException cause) {}

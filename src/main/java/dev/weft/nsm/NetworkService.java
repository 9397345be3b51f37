package dev.weft.nsm;

import java.util.List;

/**
 * A service and who provides it.
 *
 * @param endpoints those of all live members
 */
public record NetworkService(String name, List<Endpoint> endpoints) {}

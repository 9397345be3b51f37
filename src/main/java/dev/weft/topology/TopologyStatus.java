package dev.weft.topology;

import java.util.List;

/** A topology and how each of its links stands. */
public record TopologyStatus(Topology topology, List<LinkStatus> links) {}

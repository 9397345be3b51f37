package dev.weft.topology;

import dev.weft.pod.PodRef;
import java.util.List;

/** The links of one pod, as meshnet's {@code Topology} object gives them. */
public record Topology(PodRef pod, List<TopologyLink> links) {
  public Topology {
    links = List.copyOf(links);
  }
}

package dev.weft.api;

import dev.weft.topology.Topology;
import java.util.List;

/** Reads the topologies of a file's text, YAML or JSON; INVALID names every fault by path. */
@FunctionalInterface
public interface TopologyReader {
  /**
   * The topologies of a text.
   *
   * @param source what messages call the text: a file's name
   */
  List<Topology> read(String text, String source);
}

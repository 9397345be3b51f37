package dev.weft.topology;

import dev.weft.bus.Fact;

/**
 * What should be connected has changed, by a request to this node or to another member.
 *
 * @param topologies how many there are now
 * @param links single ones, made without a topology
 */
public record TopologyChanged(int topologies, int links) implements Fact {
  @Override
  public String subject() {
    return "topologies";
  }

  @Override
  public String text() {
    return "topologies changed: " + topologies + " now, and " + links + " single links";
  }
}

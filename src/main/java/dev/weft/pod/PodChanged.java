package dev.weft.pod;

import dev.weft.bus.Fact;

/**
 * A pod was registered, moved, lost or got its namespace, or went, here or on another member.
 *
 * @param now the pod as it is known now, null if it is gone
 * @param node the name of the node that it is on, null if it is gone
 * @param why its node is away, null unless that is why it is gone
 */
public record PodChanged(PodRef pod, Pod now, String node, String why) implements Fact {
  @Override
  public String subject() {
    return pod.toString();
  }

  @Override
  public String text() {
    if (now == null) {
      return "pod " + pod + (why == null ? " is gone" : " is out of reach: " + why);
    }
    return now.alive()
        ? "pod " + pod + " is on node " + node + " in " + now.netns()
        : "pod " + pod + " on node " + node + ": " + now.problem();
  }

  @Override
  public Severity severity() {
    return why != null || (now != null && !now.alive()) ? Severity.WARNING : Severity.INFO;
  }
}

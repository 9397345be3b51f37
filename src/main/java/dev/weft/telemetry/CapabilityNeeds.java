package dev.weft.telemetry;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What the kernel must allow before a room can do its work.
 *
 * @param affects what does not work while one of them is missing
 */
public record CapabilityNeeds(String room, String affects, List<Need> needs) {
  /**
   * One capability.
   *
   * @param capability a constant named as in capabilities(7)
   * @param what it is needed for, after "it cannot"
   */
  public record Need(Enum<?> capability, String what) {}

  public CapabilityNeeds {
    needs = List.copyOf(needs);
  }

  /** Names of the missing capabilities, in the order of the needs. */
  public List<String> lacking(Set<? extends Enum<?>> effective) {
    return needs.stream()
        .map(Need::capability)
        .filter(c -> !effective.contains(c))
        .map(Enum::name)
        .toList();
  }

  /** Raises one warning for each missing capability. */
  public void report(List<String> lacking, Health health) {
    for (Need need : needs) {
      String name = need.capability().name();
      if (lacking.contains(name)) {
        health.raise(
            new Health.Warning(
                room,
                name.toLowerCase(Locale.ROOT).replace('_', '-'),
                "this process lacks " + name + ": it cannot " + need.what(),
                affects,
                "run the node as root, or give it the capability (AmbientCapabilities= in the"
                    + " systemd unit)"));
      }
    }
  }
}

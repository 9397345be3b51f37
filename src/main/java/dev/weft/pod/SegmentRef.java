package dev.weft.pod;

import dev.weft.bus.Fault;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A pod that is no namespace but an Ethernet segment, which its node switches: {@code segment}, or
 * with the link-local frames that it passes, {@code segment:lldp,lacp}. Like an IEEE 802.1D bridge
 * it passes none of 01:80:c2:00:00:00 to 0f that it is not asked for.
 *
 * @param passes a bit for each last byte of those addresses, 0 to 15
 */
public record SegmentRef(int passes) {
  private static final String WORD = "segment";
  private static final int ALL = 0xffff;
  private static final Map<String, Integer> NAMES =
      new TreeMap<>(
          Map.of(
              "stp", 1, "pause", 1 << 1, "lacp", 1 << 2, "eapol", 1 << 3, "lldp", 1 << 14, "all",
              ALL));

  /** Whether a pod's {@code netns} means a segment, be it one of another version. */
  static boolean isSegment(String netns) {
    return netns.equals(WORD) || netns.startsWith(WORD + ":");
  }

  /**
   * Reads a pod's {@code netns}; empty if it is a namespace's.
   *
   * @throws dev.weft.bus.WeftException INVALID for an unknown kind of frames
   */
  public static Optional<SegmentRef> of(String netns) {
    if (netns.equals(WORD)) {
      return Optional.of(new SegmentRef(0));
    }
    if (!isSegment(netns)) {
      return Optional.empty();
    }
    int passes = 0;
    for (String name : netns.substring(WORD.length() + 1).split(",", -1)) {
      Integer bits = NAMES.get(name);
      if (bits == null) {
        throw Fault.invalid(
            "netns", netns, "segment, or segment: and of " + String.join(", ", NAMES.keySet()));
      }
      passes |= bits;
    }
    return Optional.of(new SegmentRef(passes));
  }
}

package dev.weft.linux;

/**
 * What the kernel counted on a link since it was made, as its own end sees it.
 *
 * @param received a frame that is still to be segmented counts once, as for the sent ones
 */
public record LinkTraffic(Direction received, Direction sent) {
  /**
   * One direction.
   *
   * @param lost frames dropped, and those with errors
   */
  public record Direction(long frames, long bytes, long lost) {}
}

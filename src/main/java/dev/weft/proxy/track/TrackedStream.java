package dev.weft.proxy.track;

/** What runs over a tracked connection. */
public interface TrackedStream {
  /** Breaks it off. */
  void breakOff(String reason);
}

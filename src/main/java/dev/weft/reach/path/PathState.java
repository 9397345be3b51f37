package dev.weft.reach.path;

/** What becomes of a path that is wanted. */
public enum PathState {
  NEW,
  /** Hellos are sent, and nobody has answered yet. */
  PUNCHING,
  /** The other node was heard, and has heard this one. */
  ESTABLISHED,
  /** It fell silent, or nobody has answered in time; it is tried on, ever more slowly. */
  LOST,
  /** Nobody wants it any more. */
  REMOVED
}

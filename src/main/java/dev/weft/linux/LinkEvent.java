package dev.weft.linux;

/**
 * Something happened to a link of a watched namespace.
 *
 * @param index of the link; 0 for LOST
 * @param name of the link; empty for LOST
 */
public record LinkEvent(Kind kind, int index, String name) {
  /** What happened. */
  public enum Kind {
    /** It is new, or something about it is. */
    CHANGED,
    /** It is gone from this namespace: deleted, or moved to another. */
    DELETED,
    /** Events came faster than they were read: list the links anew. */
    LOST
  }
}

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
    /** The link is new or has changed. */
    CHANGED,
    /** The link was deleted or moved to another namespace. */
    DELETED,
    /** Events were lost, because they came faster than they were read: list the links anew. */
    LOST
  }
}

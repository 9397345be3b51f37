package dev.weft.bus;

/**
 * Something that has happened on this node: a record named in the past tense or by its new state
 * ({@code WireUp}, {@code MemberLeft}). Its fields are shown as they are in the event stream.
 */
public interface Fact {
  /** What it happened to, in words a user knows: a wire's id, a pod's name. */
  String subject();

  /** One sentence for a person. */
  String text();

  default Severity severity() {
    return Severity.INFO;
  }

  /** How much it should worry a person. */
  enum Severity {
    INFO,
    WARNING,
    ERROR
  }
}

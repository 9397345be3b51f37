package dev.weft.cluster;

import dev.weft.bus.Fact;

/** A member joined, changed its addresses, or left ({@code joined} false). */
public record MemberChanged(String id, String name, boolean joined) implements Fact {
  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    return "node " + name + " (" + id + ")" + (joined ? " is a member" : " left");
  }

  @Override
  public Severity severity() {
    return joined ? Severity.INFO : Severity.WARNING;
  }
}

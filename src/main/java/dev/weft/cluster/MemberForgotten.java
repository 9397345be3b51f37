package dev.weft.cluster;

import dev.weft.bus.Fact;

/** A node that was away is not expected back: nothing of it is kept. */
public record MemberForgotten(String id, String name) implements Fact {
  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    return "node " + name + " (" + id + ") is forgotten, with all that hung on it";
  }
}

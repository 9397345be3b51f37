package dev.weft.cluster;

import dev.weft.bus.Fact;

/**
 * A node that was away is not expected back.
 *
 * @param gone whether somebody said that it is gone for good, so that its subnet is free; else it
 *     was away for too long
 */
public record MemberForgotten(String id, String name, boolean gone) implements Fact {
  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    String why = gone ? "" : ", as it was away for too long";
    return "node " + name + " (" + id + ") is forgotten, with all that hung on it" + why;
  }
}

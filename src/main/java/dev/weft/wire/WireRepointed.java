package dev.weft.wire;

import dev.weft.bus.Fact;

/**
 * A wire of meshnet, whose other end was at one host, has it at another.
 *
 * @param link the end on this node, {@code default/r1:eth1}
 * @param from address of the daemon that had the other end
 * @param to address of the one that has it now
 * @param by who asked for that
 */
public record WireRepointed(String id, String link, String from, String to, String by)
    implements Fact {
  @Override
  public String subject() {
    return id;
  }

  @Override
  public String text() {
    return "wire "
        + id
        + " ("
        + link
        + ") goes to "
        + to
        + " instead of "
        + from
        + ", as "
        + by
        + " asked";
  }

  @Override
  public Severity severity() {
    return Severity.WARNING;
  }
}

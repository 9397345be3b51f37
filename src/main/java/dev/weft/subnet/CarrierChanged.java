package dev.weft.subnet;

import dev.weft.bus.Fact;

/**
 * Packets to a member's pods have another carrier, or begin or cease to get there.
 *
 * @param node the member's id
 * @param subnet of its pods
 * @param carrier {@code vxlan}, {@code mesh} or {@code wireguard}
 * @param problem why they do not get there; null if they do
 */
public record CarrierChanged(
    String node, String name, String subnet, String carrier, boolean encrypted, String problem)
    implements Fact {
  boolean up() {
    return problem == null;
  }

  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    String how = carrier + (encrypted ? ", encrypted" : ", not encrypted");
    return "Packets to " + subnet + " of node " + name + " by " + how + suffix();
  }

  private String suffix() {
    return up() ? "" : ": not now, " + problem;
  }

  @Override
  public Severity severity() {
    return up() ? Severity.INFO : Severity.WARNING;
  }
}

package dev.weft.subnet;

import dev.weft.bus.Fact;

/**
 * This node has another subnet, or another node holds its lease.
 *
 * @param subnet null for none
 * @param lost whether the lease belongs to another node: pods that have addresses of the subnet
 *     keep them, and new pods get none
 */
public record SubnetChanged(String node, String subnet, boolean lost) implements Fact {
  @Override
  public String subject() {
    return node;
  }

  @Override
  public String text() {
    if (subnet == null) {
      return "node " + node + " has no subnet";
    }
    return lost
        ? "subnet " + subnet + " belongs to another node; pods here that have addresses of it drain"
        : "IPAM configured with subnet: " + subnet;
  }

  @Override
  public Severity severity() {
    return lost ? Severity.ERROR : Severity.INFO;
  }
}

package dev.weft.net;

import dev.weft.address.Cidr;
import dev.weft.linux.LinkAddress;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import java.util.function.Predicate;

/** Gives a link one address of Weft's, in place of the one that it had before. */
public final class SoleAddress {
  private SoleAddress() {}

  /**
   * Sets it, and leaves addresses that somebody else added.
   *
   * @param former whether an address was Weft's, where the kernel does not note who added it
   */
  public static void set(Netlink netlink, int index, Cidr wanted, Predicate<Cidr> former)
      throws LinuxException {
    boolean there = false;
    for (LinkAddress address : netlink.addresses()) {
      if (address.ifindex() == index) {
        boolean ours =
            address.protocol() == Route.PROTOCOL
                || (address.protocol() == 0 && former.test(address.cidr()));
        if (address.cidr().equals(wanted)) {
          there = true;
        } else if (ours) {
          netlink.deleteAddress(index, address.cidr());
        }
      }
    }
    if (!there) {
      netlink.addAddress(index, wanted);
    }
  }
}

package dev.weft.net;

import dev.weft.address.Cidr;
import dev.weft.linux.LinkAddress;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;

/** Gives a link one address and no other. */
public final class SoleAddress {
  private SoleAddress() {}

  /** Removes all others except link-local ones, which the kernel adds by itself. */
  public static void set(Netlink netlink, int index, Cidr wanted) throws LinuxException {
    boolean there = false;
    for (LinkAddress address : netlink.addresses()) {
      if (address.ifindex() == index && !address.cidr().address().isLinkLocalAddress()) {
        if (address.cidr().equals(wanted)) {
          there = true;
        } else {
          netlink.deleteAddress(index, address.cidr());
        }
      }
    }
    if (!there) {
      netlink.addAddress(index, wanted);
    }
  }
}

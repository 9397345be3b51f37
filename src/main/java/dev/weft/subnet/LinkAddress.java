package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.linux.Address;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;

/** The one address of a link of ours. */
final class LinkAddress {
  private LinkAddress() {}

  /** Gives it exactly this one, besides those that the kernel makes for the link itself. */
  static void set(Netlink netlink, int index, Cidr wanted) throws LinuxException {
    boolean there = false;
    for (Address address : netlink.addresses()) {
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

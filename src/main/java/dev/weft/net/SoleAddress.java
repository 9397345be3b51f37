package dev.weft.net;

import dev.weft.address.Cidr;
import dev.weft.linux.LinkAddress;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Gives a link addresses of Weft's, in place of those that it had before. */
public final class SoleAddress {
  private SoleAddress() {}

  /**
   * Sets it, and leaves addresses that somebody else added.
   *
   * @param former whether an address was Weft's, where the kernel does not note who added it
   */
  public static void set(Netlink netlink, int index, Cidr wanted, Predicate<Cidr> former)
      throws LinuxException {
    set(netlink, index, List.of(wanted), former);
  }

  /** The same with several, of which those that are missing are added in this order. */
  public static void set(Netlink netlink, int index, List<Cidr> wanted, Predicate<Cidr> former)
      throws LinuxException {
    List<Cidr> missing = new ArrayList<>(wanted);
    for (LinkAddress address : netlink.addresses()) {
      if (address.ifindex() == index) {
        boolean ours =
            address.protocol() == Route.PROTOCOL
                || (address.protocol() == 0 && former.test(address.cidr()));
        if (!missing.remove(address.cidr()) && ours) {
          netlink.deleteAddress(index, address.cidr());
        }
      }
    }
    for (Cidr address : missing) {
      netlink.addAddress(index, address);
    }
  }
}

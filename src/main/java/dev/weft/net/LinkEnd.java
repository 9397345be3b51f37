package dev.weft.net;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import java.util.Optional;

/**
 * An interface as it should be: one end of a veth pair, or a device in a pod.
 *
 * @param mtu bytes
 * @param pod whose interface it is, for messages: {@code pod default/r1}; empty for the node's own,
 *     whose name nobody else uses
 * @param mac empty for one that the kernel chooses
 * @param noArp whether it neither asks nor answers ARP
 * @param linkLocal whether it gives itself an IPv6 link-local address
 */
public record LinkEnd(
    OpenNetns at,
    String name,
    int mtu,
    Optional<String> pod,
    Optional<String> mac,
    Optional<Cidr> address,
    boolean noArp,
    boolean linkLocal) {

  public static LinkEnd ofNode(OpenNetns at, String name, int mtu) {
    return new LinkEnd(
        at, name, mtu, Optional.empty(), Optional.empty(), Optional.empty(), false, true);
  }

  public static LinkEnd ofPod(OpenNetns at, String name, int mtu, String pod) {
    return new LinkEnd(
        at, name, mtu, Optional.of(pod), Optional.empty(), Optional.empty(), false, true);
  }

  public LinkEnd withMac(String mac) {
    return new LinkEnd(at, name, mtu, pod, Optional.of(mac), address, noArp, linkLocal);
  }

  public LinkEnd withAddress(Optional<Cidr> address) {
    return new LinkEnd(at, name, mtu, pod, mac, address, noArp, linkLocal);
  }

  public LinkEnd withoutArp() {
    return new LinkEnd(at, name, mtu, pod, mac, address, true, linkLocal);
  }

  public LinkEnd withoutLinkLocal() {
    return new LinkEnd(at, name, mtu, pod, mac, address, noArp, false);
  }

  public Optional<Link> find() throws LinuxException {
    return at.netlink().link(name);
  }

  /** Whether a new link can be brought up together with its alias, for nothing comes between. */
  boolean isPlain() {
    return mac.isEmpty() && address.isEmpty() && linkLocal;
  }

  /** Gives a new link what it lacks, and brings it up. */
  void finish(int index) throws LinuxException {
    Netlink in = at.netlink();
    if (!linkLocal) {
      in.setNoLinkLocal(index);
    }
    if (address.isPresent()) {
      in.addAddress(index, address.get());
    }
    in.setUp(index);
  }

  /** Corrects a link that stands; the node's own end may be down on purpose. */
  void correct(Link link) throws LinuxException {
    Netlink in = at.netlink();
    if (link.mtu() != mtu) {
      in.setMtu(link.index(), mtu);
    }
    if (pod.isPresent()) {
      if (address.isPresent()) {
        in.addAddress(link.index(), address.get());
      }
      if (!link.up()) {
        in.setUp(link.index());
      }
    }
  }
}

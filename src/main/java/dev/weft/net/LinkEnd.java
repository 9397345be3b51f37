package dev.weft.net;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import java.util.List;
import java.util.Optional;

/**
 * The wanted state of an interface: one end of a veth pair, or a device in a pod.
 *
 * @param mtu bytes
 * @param pod the owner's name in messages: {@code pod default/r1}; empty for the node's own
 *     interface, whose name nobody else uses
 * @param mac empty for a MAC that the kernel chooses
 * @param otherName one more name of the interface, which may be longer
 * @param addresses of the interface
 * @param noArp whether the interface neither sends nor answers ARP requests
 * @param linkLocal whether the kernel gives the interface an IPv6 link-local address
 * @param kept what is not corrected once the link is made
 */
public record LinkEnd(
    OpenNetns at,
    String name,
    int mtu,
    Optional<String> pod,
    Optional<String> mac,
    Optional<String> otherName,
    List<Cidr> addresses,
    boolean noArp,
    boolean linkLocal,
    Kept kept) {

  /** What of an existing link its pod has decided. */
  public enum Kept {
    NOTHING,
    /** Whether it is up. */
    STATE,
    /** That, and its MTU. */
    STATE_AND_MTU
  }

  public static LinkEnd ofNode(OpenNetns at, String name, int mtu) {
    return of(at, name, mtu, Optional.empty());
  }

  public static LinkEnd ofPod(OpenNetns at, String name, int mtu, String pod) {
    return of(at, name, mtu, Optional.of(pod));
  }

  private static LinkEnd of(OpenNetns at, String name, int mtu, Optional<String> pod) {
    return new LinkEnd(
        at,
        name,
        mtu,
        pod,
        Optional.empty(),
        Optional.empty(),
        List.of(),
        false,
        true,
        Kept.NOTHING);
  }

  public LinkEnd withMac(String mac) {
    return new LinkEnd(
        at, name, mtu, pod, Optional.of(mac), otherName, addresses, noArp, linkLocal, kept);
  }

  public LinkEnd withOtherName(Optional<String> wanted) {
    return new LinkEnd(at, name, mtu, pod, mac, wanted, addresses, noArp, linkLocal, kept);
  }

  public LinkEnd withAddress(Optional<Cidr> address) {
    return withAddresses(address.stream().toList());
  }

  public LinkEnd withAddresses(List<Cidr> wanted) {
    return new LinkEnd(at, name, mtu, pod, mac, otherName, wanted, noArp, linkLocal, kept);
  }

  public LinkEnd withoutArp() {
    return new LinkEnd(at, name, mtu, pod, mac, otherName, addresses, true, linkLocal, kept);
  }

  public LinkEnd withoutLinkLocal() {
    return new LinkEnd(at, name, mtu, pod, mac, otherName, addresses, noArp, false, kept);
  }

  public LinkEnd keeping(Kept what) {
    return new LinkEnd(at, name, mtu, pod, mac, otherName, addresses, noArp, linkLocal, what);
  }

  public Optional<Link> find() throws LinuxException {
    return at.netlink().link(name);
  }

  /** Whether one request can set a new link's alias and bring it up: nothing is set in between. */
  boolean isPlain() {
    return mac.isEmpty() && otherName.isEmpty() && addresses.isEmpty() && linkLocal;
  }

  /** Sets what a new link lacks, and brings it up. */
  void finish(int index) throws LinuxException {
    Netlink in = at.netlink();
    if (!linkLocal) {
      in.setNoLinkLocal(index);
    }
    giveOtherName(index);
    for (Cidr address : addresses) {
      in.addAddress(index, address);
    }
    in.setUp(index);
  }

  private void giveOtherName(int index) throws LinuxException {
    if (otherName.isEmpty()) {
      return;
    }
    Optional<Link> holder = at.netlink().linkByOtherName(otherName.get());
    if (holder.isEmpty()) {
      at.netlink().addOtherName(index, otherName.get());
    } else if (holder.get().index() != index) {
      throw Fault.CONFLICT.because(
          "name %s%s is interface %s's (expected: a name that is free there)"
              .formatted(
                  otherName.get(), pod.map(p -> " in " + p).orElse(""), holder.get().name()));
    }
  }

  /** Corrects an existing link; the node's own end may be down on purpose, and stays so. */
  void correct(Link link) throws LinuxException {
    Netlink in = at.netlink();
    if (link.mtu() != mtu && kept != Kept.STATE_AND_MTU) {
      in.setMtu(link.index(), mtu);
    }
    if (pod.isPresent()) {
      giveOtherName(link.index());
      for (Cidr address : addresses) {
        in.addAddress(link.index(), address);
      }
      if (!link.up() && kept == Kept.NOTHING) {
        in.setUp(link.index());
      }
    }
  }
}

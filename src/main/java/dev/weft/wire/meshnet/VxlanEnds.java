package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.InterfaceName;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.linux.VxlanSpec;
import dev.weft.wire.proto.RemotePod;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * VXLAN devices (RFC 7348) in pods, each with one other end. Made on the host, where the tunnel's
 * packets go, and moved. They carry the alias {@code weft:<node id>:vxlan:<vni>}. All calls block.
 */
final class VxlanEnds {
  /** IANA's port. */
  private static final int PORT = 4789;

  /** Outer headers: Ethernet, IP, UDP, VXLAN. */
  private static final int OVERHEAD_4 = 50;

  private static final int OVERHEAD_6 = 70;

  private final String mark;

  VxlanEnds(String nodeId) {
    this.mark = "weft:" + nodeId + ":vxlan:";
  }

  /** What was asked for, each field read. */
  private record Wanted(
      String intf, Optional<Cidr> address, InetAddress remote, int vni, String underlay) {
    static Wanted of(RemotePod pod) {
      try {
        if (pod.getVni() < 1 || pod.getVni() > 0xffffff) {
          throw Fault.invalid("vni", pod.getVni(), "1..16777215");
        }
        return new Wanted(
            InterfaceName.check(pod.getIntfName()),
            pod.getIntfIp().isEmpty() ? Optional.empty() : Optional.of(Cidr.parse(pod.getIntfIp())),
            IpAddress.parse(pod.getPeerVtep()),
            (int) pod.getVni(),
            pod.getNodeIntf());
      } catch (IllegalArgumentException e) {
        throw Fault.INVALID.because(e.getMessage(), e);
      }
    }
  }

  /** Makes the device, or another in place of one of ours; the same again changes nothing. */
  void update(RemotePod pod) throws LinuxException {
    Wanted wanted = Wanted.of(pod);
    try (Netns podNs = open(pod.getNetNs());
        Netlink inPod = Netlink.open(podNs);
        Netlink onHost = Netlink.open()) {
      Optional<Link> there = inPod.link(wanted.intf());
      if (there.isEmpty() || !fits(there.get(), wanted)) {
        if (there.isPresent()) {
          remove(inPod, there.get(), pod.getNetNs());
        }
        make(onHost, podNs, wanted);
      }
      Link link = inPod.require(wanted.intf());
      inPod.setAlias(link.index(), mark + wanted.vni());
      if (wanted.address().isPresent()) {
        inPod.addAddress(link.index(), wanted.address().get());
      }
      inPod.setUp(link.index());
    }
  }

  private static boolean fits(Link link, Wanted wanted) {
    return link.vxlan()
        .filter(v -> v.vni() == wanted.vni() && v.remote().equals(Optional.of(wanted.remote())))
        .isPresent();
  }

  private void remove(Netlink inPod, Link link, String netns) throws LinuxException {
    if (!link.alias().startsWith(mark) && !link.kind().equals("vxlan")) {
      throw Fault.CONFLICT.because(
          "interface "
              + link.name()
              + " in netns "
              + netns
              + " is there already, a "
              + link.kind());
    }
    inPod.delete(link.index());
  }

  private static void make(Netlink onHost, Netns podNs, Wanted wanted) throws LinuxException {
    Route way = onHost.routeTo(wanted.remote()).orElseThrow(() -> unreachable(wanted.remote()));
    InetAddress local = way.source().orElseThrow(() -> unreachable(wanted.remote()));
    Optional<Link> underlay =
        wanted.underlay().isEmpty() ? onHost.link(way.ifindex()) : onHost.link(wanted.underlay());
    Link carrier =
        underlay.orElseThrow(
            () -> Fault.NOT_FOUND.because("node_intf: there is no link " + wanted.underlay()));
    int overhead = wanted.remote() instanceof Inet4Address ? OVERHEAD_4 : OVERHEAD_6;
    // A name of our own until it is in the pod; the VNI is unique among the host's devices.
    String name = "wv" + wanted.vni();
    Link made =
        onHost.createVxlan(
            new VxlanSpec(
                name,
                wanted.vni(),
                local,
                Optional.of(wanted.remote()),
                PORT,
                carrier.index(),
                true,
                Math.min(carrier.mtu(), 0xffff) - overhead));
    try {
      onHost.moveTo(made.index(), podNs, wanted.intf());
    } catch (LinuxException e) {
      onHost.delete(made.index());
      throw e;
    }
  }

  private static Netns open(String netns) {
    try {
      return Netns.open(netns);
    } catch (LinuxException e) {
      throw Fault.NOT_FOUND.because("net_ns: " + e.getMessage(), e);
    }
  }

  private static WeftException unreachable(InetAddress remote) {
    return Fault.PRECONDITION.because(
        "peer_vtep: no route to " + IpAddress.format(remote) + " (expected: a reachable address)");
  }
}

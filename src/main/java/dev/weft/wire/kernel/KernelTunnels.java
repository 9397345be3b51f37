package dev.weft.wire.kernel;

import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.Route;
import dev.weft.linux.VxlanSpec;
import dev.weft.pod.Pod;
import dev.weft.wire.WireSpec;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Wires whose frames the kernel carries: a VXLAN device or a macvlan that is made on the host and
 * lives in the pod. All calls block.
 */
public final class KernelTunnels {
  /** As meshnet numbers them. */
  static final int FIRST_VNI = 5000;

  static final long MAX_UID = 0xffffff - FIRST_VNI;

  /** IANA's. */
  private static final int PORT = 4789;

  /** Outer Ethernet, IP, UDP and VXLAN headers (RFC 7348). */
  private static final int OVERHEAD_IPV4 = 50;

  private static final int OVERHEAD_IPV6 = 70;

  private final String mark;
  private final PodInterfaces interfaces;

  KernelTunnels(String mark, PodInterfaces interfaces) {
    this.mark = mark;
    this.interfaces = interfaces;
  }

  /**
   * Makes the pod's VXLAN device, or adopts the one that fits.
   *
   * @param defaultMtu a wire that asks for this much gets what the underlay leaves
   */
  public void vxlan(WireSpec spec, Pod pod, InetAddress local, InetAddress remote, int defaultMtu)
      throws IOException {
    if (spec.uid() > MAX_UID) {
      throw Fault.invalid("uid of a vxlan link", spec.uid(), "0.." + MAX_UID);
    }
    String alias = mark + spec.id();
    try (Netlink onHost = Netlink.open();
        Netns podNs = Netns.open(pod.netns());
        Netlink inPod = Netlink.open(podNs)) {
      Link underlay = underlay(onHost, remote);
      VxlanSpec device =
          new VxlanSpec(
              "v" + spec.id().substring(0, 14),
              (int) (FIRST_VNI + spec.uid()),
              local,
              Optional.of(remote),
              PORT,
              underlay.index(),
              false,
              mtu(spec, underlay, remote, defaultMtu));
      Optional<Link> there = inPod.link(spec.local().intf());
      boolean fits =
          there.isPresent()
              && there.get().alias().equals(alias)
              && there.get().vxlan().filter(v -> sameTunnel(v, device)).isPresent();
      if (fits && there.get().mtu() != device.mtu()) {
        inPod.setMtu(there.get().index(), device.mtu());
      }
      if (!fits) {
        interfaces.clear(inPod, spec.local().intf(), pod);
        Link made = onHost.createVxlan(device);
        onHost.setAlias(made.index(), alias);
        onHost.setMac(made.index(), spec.macOf(spec.local()));
        onHost.moveTo(made.index(), podNs, spec.local().intf());
      }
      PodInterfaces.dress(inPod, spec.local(), alias);
    }
  }

  /** Makes the pod's macvlan on the device that the peer end names, or adopts the one that fits. */
  public void macvlan(WireSpec spec, Pod pod) throws IOException {
    String alias = mark + spec.id();
    try (Netlink onHost = Netlink.open();
        Netns podNs = Netns.open(pod.netns());
        Netlink inPod = Netlink.open(podNs)) {
      Link parent =
          onHost
              .link(spec.peer().intf())
              .orElseThrow(
                  () ->
                      Fault.PRECONDITION.because(
                          "device " + spec.peer().intf() + " is not on this node"));
      Optional<Link> there = inPod.link(spec.local().intf());
      boolean fits =
          there.isPresent()
              && there.get().alias().equals(alias)
              && there.get().peerIndex() == parent.index();
      if (!fits) {
        interfaces.clear(inPod, spec.local().intf(), pod);
        onHost.createMacvlan(spec.local().intf(), parent.index(), podNs);
        Link made = inPod.require(spec.local().intf());
        inPod.setMac(made.index(), spec.macOf(spec.local()));
      }
      Link link = inPod.require(spec.local().intf());
      int mtu = Math.min(spec.mtu(), parent.mtu());
      if (link.mtu() != mtu) {
        inPod.setMtu(link.index(), mtu);
      }
      PodInterfaces.dress(inPod, spec.local(), alias);
    }
  }

  private static Link underlay(Netlink onHost, InetAddress remote) throws IOException {
    Route route =
        onHost
            .routeTo(remote)
            .orElseThrow(
                () ->
                    Fault.PRECONDITION.because(
                        "no route to " + remote.getHostAddress() + ", the peer's node"));
    return onHost
        .link(route.ifindex())
        .orElseThrow(
            () -> Fault.PRECONDITION.because("the route to the peer's node has no device"));
  }

  private static int mtu(WireSpec spec, Link underlay, InetAddress remote, int defaultMtu) {
    int most = underlay.mtu() - (remote instanceof Inet4Address ? OVERHEAD_IPV4 : OVERHEAD_IPV6);
    if (spec.mtu() > most && spec.mtu() != defaultMtu) {
      throw Fault.invalid(
          "mtu", spec.mtu(), "at most " + most + " for a vxlan link over " + underlay.name());
    }
    return Math.min(spec.mtu(), most);
  }

  private static boolean sameTunnel(VxlanSpec there, VxlanSpec wanted) {
    return there.vni() == wanted.vni()
        && there.port() == wanted.port()
        && there.local().equals(wanted.local())
        && there.remote().equals(wanted.remote());
  }
}

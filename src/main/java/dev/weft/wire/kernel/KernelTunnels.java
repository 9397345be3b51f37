package dev.weft.wire.kernel;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.Macvlan;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNamespaces;
import dev.weft.net.OpenNetns;
import dev.weft.net.Underlay;
import dev.weft.net.Vxlans;
import dev.weft.pod.Pod;
import dev.weft.wire.WireSpec;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Wires whose frames the kernel carries: a VXLAN device or a macvlan that is created on the host
 * and lives in the pod.
 */
public final class KernelTunnels {
  /** The VNI of uid 0, as in meshnet. */
  public static final int FIRST_VNI = 5000;

  private static final long MAX_UID = 0xffffff - FIRST_VNI;

  private final LinkThread thread;
  private final Vxlans vxlans;
  private final LinkOwnership owner;
  private final OpenNetns node;

  KernelTunnels(NodeLinks links, LinkOwnership owner, OpenNetns node) {
    this.node = node;
    this.thread = links.thread();
    this.vxlans = links.vxlans();
    this.owner = owner;
  }

  static int vni(WireSpec spec) {
    return (int) (FIRST_VNI + spec.uid());
  }

  /**
   * Creates the pod's VXLAN device, or adopts the one that fits.
   *
   * @param defaultMtu a wire with this MTU gets a smaller one where the underlay requires it
   * @param again whether the wire stood before: it keeps what the pod has made of it
   */
  public Future<KernelLink> vxlan(
      WireSpec spec,
      Pod pod,
      InetAddress local,
      InetAddress remote,
      int defaultMtu,
      boolean again) {
    if (spec.uid() > MAX_UID) {
      throw Fault.invalid("uid of a vxlan link", spec.uid(), "0.." + MAX_UID);
    }
    return thread.change(
        at -> {
          Netlink onHost = at.host().netlink();
          Underlay underlay = underlay(onHost, remote);
          int mtu = mtu(spec, underlay, defaultMtu);
          VxlanSpec device =
              new VxlanSpec(
                  spec.local().intf(),
                  vni(spec),
                  local,
                  Optional.of(remote),
                  Vxlans.PORT,
                  underlay.ifindex(),
                  false,
                  mtu);
          LinkEnd end = end(at, spec, pod, mtu, again);
          vxlans.ensure(onHost, end, device, owner, spec.id());
          return KernelLink.read(end.at().netlink(), end.name());
        });
  }

  /**
   * Creates the pod's macvlan on the device that the peer end names, or adopts the one that fits.
   *
   * @param again whether the wire stood before: it keeps what the pod has made of it
   */
  public Future<KernelLink> macvlan(WireSpec spec, Pod pod, boolean again) {
    return thread.change(
        at -> {
          Netlink onHost = at.host().netlink();
          Link parent =
              onHost
                  .link(spec.peer().intf())
                  .orElseThrow(
                      () ->
                          Fault.PRECONDITION.because(
                              "device " + spec.peer().intf() + " is not on this node"));
          int mtu = Math.min(spec.mtu(), parent.mtu());
          LinkEnd end = end(at, spec, pod, mtu, again);
          Macvlan.ensure(onHost, parent, end, owner, spec.id());
          return KernelLink.read(end.at().netlink(), end.name());
        });
  }

  private LinkEnd end(OpenNamespaces at, WireSpec spec, Pod pod, int mtu, boolean again)
      throws LinuxException {
    LinkEnd end = KernelEnds.end(at, spec, spec.local(), pod, mtu);
    node.netlink().identify(end.at().netns());
    return again ? end.keeping(LinkEnd.Kept.STATE_AND_MTU) : end;
  }

  private static Underlay underlay(Netlink onHost, InetAddress remote) throws IOException {
    return Underlay.towards(onHost, remote)
        .orElseThrow(
            () ->
                Fault.PRECONDITION.because(
                    "no route to " + IpAddress.format(remote) + ", the peer's node"));
  }

  private static int mtu(WireSpec spec, Underlay underlay, int defaultMtu) {
    int most = underlay.vxlanMtu();
    if (spec.mtu() > most && spec.mtu() != defaultMtu) {
      throw Fault.invalid(
          "mtu", spec.mtu(), "at most " + most + " for a vxlan link over " + underlay.device());
    }
    return Math.min(spec.mtu(), most);
  }
}

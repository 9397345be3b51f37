package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.InterfaceName;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.VxlanSpec;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.net.Underlay;
import dev.weft.net.Vxlans;
import dev.weft.wire.proto.RemotePod;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.Optional;

/** VXLAN devices (RFC 7348) in pods, each with one other end, as meshnet's plugins ask for them. */
final class VxlanEnds {
  private final LinkThread thread;
  private final Vxlans vxlans;
  private final LinkOwnership owner;

  VxlanEnds(NodeLinks links) {
    this.thread = links.thread();
    this.vxlans = links.vxlans();
    this.owner = links.of("vxlan");
  }

  /** The fields of a request, parsed. */
  private record Wanted(
      String intf, Optional<Cidr> address, InetAddress remote, int vni, String underlay) {
    static Wanted of(RemotePod pod) {
      if (pod.getVni() < 1 || pod.getVni() > 0xffffff) {
        throw Fault.invalid("vni", pod.getVni(), "1..16777215");
      }
      return new Wanted(
          Field.read("intf_name", pod.getIntfName(), InterfaceName::check),
          Field.address("intf_ip", pod.getIntfIp()),
          Field.read("peer_vtep", pod.getPeerVtep(), IpAddress::parse),
          (int) pod.getVni(),
          pod.getNodeIntf());
    }
  }

  /** Creates the device, or replaces one of this node's; the same request again changes nothing. */
  Future<Void> update(RemotePod pod) {
    Wanted wanted = Wanted.of(pod);
    return thread.change(
        at -> {
          try (OpenNetns netns = open(pod.getNetNs())) {
            update(at.host().netlink(), netns, pod.getNetNs(), wanted);
            return null;
          }
        });
  }

  private void update(Netlink onHost, OpenNetns netns, String ref, Wanted wanted)
      throws LinuxException {
    String id = Integer.toString(wanted.vni());
    VxlanSpec device = device(onHost, wanted);
    LinkEnd end =
        LinkEnd.ofPod(netns, wanted.intf(), device.mtu(), "netns " + ref)
            .withAddress(wanted.address());
    Optional<Link> there = end.find();
    if (there.filter(l -> l.kind().equals("vxlan") && l.alias().isEmpty()).isPresent()) {
      // A meshnet daemon that this node replaces created the device.
      netns.netlink().setAlias(there.get().index(), owner.alias(id));
    }
    vxlans.ensure(onHost, end, device, owner, id);
  }

  private static VxlanSpec device(Netlink onHost, Wanted wanted) throws LinuxException {
    Underlay route =
        Underlay.towards(onHost, wanted.remote()).orElseThrow(() -> unreachable(wanted.remote()));
    Underlay carrier = route;
    if (!wanted.underlay().isEmpty()) {
      Link link =
          onHost
              .link(wanted.underlay())
              .orElseThrow(
                  () ->
                      Fault.NOT_FOUND.because(
                          "node_intf: " + wanted.underlay() + " (expected: a link of this host)"));
      carrier = new Underlay(link.index(), link.name(), link.mtu(), route.address());
    }
    return new VxlanSpec(
        wanted.intf(),
        wanted.vni(),
        carrier.address(),
        Optional.of(wanted.remote()),
        Vxlans.PORT,
        carrier.ifindex(),
        true,
        carrier.vxlanMtu());
  }

  private static OpenNetns open(String netns) {
    try {
      return OpenNetns.open(netns);
    } catch (LinuxException e) {
      throw Fault.NOT_FOUND.because("net_ns: " + e.getMessage(), e);
    }
  }

  private static WeftException unreachable(InetAddress remote) {
    return Fault.PRECONDITION.because(
        "peer_vtep: no route to " + IpAddress.format(remote) + " (expected: a reachable address)");
  }
}

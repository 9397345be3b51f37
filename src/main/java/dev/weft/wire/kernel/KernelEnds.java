package dev.weft.wire.kernel;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VethSpec;
import dev.weft.net.LinkOwnership;
import dev.weft.pod.Pod;
import dev.weft.wire.WireSpec;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * The kernel's part of wires: veth pairs between pods and the namespace {@code weft-<node id>} that
 * holds the node ends and outlives the process. All calls block; everything made carries the alias
 * {@code weft:<node id>:wire:<wire id>}, and nothing without it is ever changed.
 */
public final class KernelEnds implements AutoCloseable {
  /**
   * The pod's end has the wire's MTU. The node end has the largest there is: a packet socket takes
   * frames up to its own end's MTU and one VLAN tag, which a full frame with two tags exceeds.
   */
  private static final int NODE_END_MTU = WireSpec.MAX_MTU;

  private final String nodeNetns;
  private final String mark;
  private final PodInterfaces interfaces;
  private Netns netns;
  private Netlink inNode;

  public KernelEnds(String nodeId) {
    this.nodeNetns = "weft-" + nodeId;
    this.mark = "weft:" + nodeId + ":wire:";
    this.interfaces = new PodInterfaces(mark);
  }

  /** A node end: its interface index and a packet socket bound to it. */
  public record NodeEnd(int ifindex, PacketSocket socket) {}

  /** Makes or finds the node's namespace; removes ends of wires that nobody wants any more. */
  public void open(Set<String> wanted) throws IOException {
    netns = openNodeNetns();
    // Node ends carry other hosts' frames: this namespace's own stack keeps out of them.
    Sysctl.write(netns, "net/ipv6/conf/default/disable_ipv6", "1");
    inNode = Netlink.open(netns);
    new LinkOwnership(mark).sweep(inNode, wanted);
    try (Netlink onHost = Netlink.open()) {
      // Tunnels are made here and moved into their pod at once: what is here was left half-made.
      new LinkOwnership(mark).sweep(onHost, Set.of());
    }
  }

  public KernelTunnels tunnels() {
    return new KernelTunnels(mark, interfaces);
  }

  /** Takes the carrier of a pod's interface away, or gives it back: veth has no other switch. */
  public void carrier(int ifindex, boolean on) throws IOException {
    if (on) {
      inNode.setUp(ifindex);
    } else {
      inNode.setDown(ifindex);
    }
  }

  private Netns openNodeNetns() throws IOException {
    if (Netns.list().contains(nodeNetns)) {
      try {
        return Netns.open(nodeNetns);
      } catch (LinuxException e) {
        if (!e.errnoName().equals("EINVAL")) {
          throw e;
        }
        // A name without a namespace: it was mounted where only a former process saw it.
        Netns.deleteIfExists(nodeNetns);
      }
    }
    Netns.create(nodeNetns);
    return Netns.open(nodeNetns);
  }

  public Netns netns() {
    return netns;
  }

  /** Makes the pod's interface and the node end of a grpc wire, or adopts what fits. */
  public NodeEnd join(WireSpec spec, Pod pod) throws IOException {
    String name = nameOf(spec.id());
    String alias = mark + spec.id();
    try (Netns podNs = Netns.open(pod.netns());
        Netlink inPod = Netlink.open(podNs)) {
      Optional<Link> ours = inNode.link(name);
      Optional<Link> theirs = inPod.link(spec.local().intf());
      boolean fits =
          ours.isPresent()
              && theirs.isPresent()
              && theirs.get().alias().equals(alias)
              && theirs.get().peerIndex() == ours.get().index();
      if (fits && theirs.get().mtu() != spec.mtu()) {
        inPod.setMtu(theirs.get().index(), spec.mtu());
      }
      if (!fits) {
        if (ours.isPresent()) {
          inNode.delete(ours.get().index());
        }
        interfaces.clear(inPod, spec.local().intf(), pod);
        ours =
            Optional.of(
                inNode.createVeth(
                    new VethSpec(
                        name, NODE_END_MTU, alias, true, true, peer(podNs, spec, spec.local()))));
      }
      PodInterfaces.dress(inPod, spec.local(), alias);
      int index = ours.get().index();
      return new NodeEnd(index, PacketSocket.open(netns, index, PacketOptions.DEFAULT));
    }
  }

  /** Joins two pods of this node by one veth pair. */
  public void joinVeth(WireSpec spec, Pod local, Pod peer) throws IOException {
    String alias = mark + spec.id();
    try (Netns localNs = Netns.open(local.netns());
        Netns peerNs = Netns.open(peer.netns());
        Netlink inLocal = Netlink.open(localNs);
        Netlink inPeer = Netlink.open(peerNs)) {
      Optional<Link> a = inLocal.link(spec.local().intf());
      Optional<Link> b = inPeer.link(spec.peer().intf());
      boolean fits =
          a.isPresent()
              && b.isPresent()
              && a.get().alias().equals(alias)
              && b.get().alias().equals(alias)
              && a.get().peerIndex() == b.get().index()
              && b.get().peerIndex() == a.get().index();
      if (fits) {
        inLocal.setMtu(a.get().index(), spec.mtu());
        inPeer.setMtu(b.get().index(), spec.mtu());
      }
      if (!fits) {
        interfaces.clear(inLocal, spec.local().intf(), local);
        interfaces.clear(inPeer, spec.peer().intf(), peer);
        Link made =
            inLocal.createVeth(
                new VethSpec(
                    spec.local().intf(),
                    spec.mtu(),
                    alias,
                    false,
                    false,
                    peer(peerNs, spec, spec.peer())));
        inLocal.setMac(made.index(), spec.macOf(spec.local()));
      }
      PodInterfaces.dress(inLocal, spec.local(), alias);
      PodInterfaces.dress(inPeer, spec.peer(), alias);
    }
  }

  private static VethSpec.Peer peer(Netns netns, WireSpec spec, WireSpec.End end) {
    return new VethSpec.Peer(
        Optional.of(netns), end.intf(), spec.mtu(), Optional.of(spec.macOf(end)));
  }

  /** Removes what was made for a wire; what is gone already is fine. */
  public void remove(WireSpec spec, Optional<Pod> pod) throws IOException {
    Optional<Link> ours = inNode.link(nameOf(spec.id()));
    if (ours.isPresent() && ours.get().alias().equals(mark + spec.id())) {
      inNode.delete(ours.get().index());
      return;
    }
    if (pod.isEmpty() || !pod.get().alive()) {
      return;
    }
    try (Netns podNs = Netns.open(pod.get().netns());
        Netlink inPod = Netlink.open(podNs)) {
      Optional<Link> theirs = inPod.link(spec.local().intf());
      if (theirs.isPresent() && theirs.get().alias().equals(mark + spec.id())) {
        inPod.delete(theirs.get().index());
      }
    }
  }

  /** Removes the node's namespace and with it every node end. */
  public void removeAll() throws IOException {
    close();
    Netns.deleteIfExists(nodeNetns);
  }

  @Override
  public void close() {
    if (inNode != null) {
      inNode.close();
      netns.close();
      inNode = null;
    }
  }

  /** At most 15 characters (IFNAMSIZ), unique on the node: 56 bits of the wire's id. */
  private static String nameOf(String wireId) {
    return "w" + wireId.substring(0, 14);
  }
}

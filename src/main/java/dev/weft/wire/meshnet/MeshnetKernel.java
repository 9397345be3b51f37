package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.VethSpec;
import dev.weft.net.LinkOwnership;
import dev.weft.wire.WireSpec;
import dev.weft.wire.kernel.KernelEnds;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * The kernel's part of meshnet's wire ends: veth pairs that a plugin made, their host ends moved
 * into the node's namespace, and pairs made for foreign daemons. Node ends carry the alias {@code
 * weft:<node id>:meshnet:<wire id>}. All calls block.
 */
final class MeshnetKernel {
  /** As {@link KernelEnds} has it: a packet socket takes frames up to its own end's MTU. */
  private static final int NODE_END_MTU = WireSpec.MAX_MTU;

  private final KernelEnds node;
  private final String mark;

  MeshnetKernel(KernelEnds node, String nodeId) {
    this.node = node;
    this.mark = "weft:" + nodeId + ":meshnet:";
  }

  /**
   * A node end, open.
   *
   * @param formerIndex its index on the host if it was moved from there just now, else 0
   * @param mtu of the pod's interface
   */
  record Made(KernelEnds.NodeEnd end, int formerIndex, int mtu) {}

  /** Removes the node ends of wires that are not kept. */
  void removeOthers(Set<String> kept) throws IOException {
    try (Netlink inNode = Netlink.open(node.netns())) {
      new LinkOwnership(mark).sweep(inNode, kept);
    }
  }

  /** Opens what stands; empty if the end, or the pod's, is gone. */
  Optional<KernelEnds.NodeEnd> open(EndIntent intent) throws IOException {
    Optional<Link> link = find(intent);
    return link.isPresent() ? Optional.of(socketOn(link.get().index())) : Optional.empty();
  }

  private Optional<Link> find(EndIntent intent) throws IOException {
    try (Netlink inNode = Netlink.open(node.netns())) {
      Optional<Link> ours =
          inNode
              .link(nameOf(intent.key().id()))
              .filter(l -> l.alias().equals(markOf(intent.key())));
      if (ours.isEmpty()) {
        return Optional.empty();
      }
      try (Netns podNs = Netns.open(intent.netns());
          Netlink inPod = Netlink.open(podNs)) {
        return inPod
                .link(intent.key().intf())
                .filter(l -> l.index() == ours.get().peerIndex())
                .isPresent()
            ? ours
            : Optional.empty();
      }
    }
  }

  boolean stands(EndIntent intent) {
    try {
      return find(intent).isPresent();
    } catch (IOException e) {
      // Its namespace cannot be opened any more.
      return false;
    }
  }

  /** Whether the host has a link of that name. */
  boolean hostHas(String name) throws IOException {
    try (Netlink onHost = Netlink.open()) {
      return onHost.link(name).isPresent();
    }
  }

  /** Moves the host end of a plugin's veth pair into the node's namespace. */
  Made adopt(EndKey key, String hostName, String netns) throws IOException {
    try (Netns podNs = openPod(netns);
        Netlink inPod = Netlink.open(podNs);
        Netlink onHost = Netlink.open();
        Netlink inNode = Netlink.open(node.netns())) {
      Link theirs =
          inPod
              .link(key.intf())
              .orElseThrow(() -> lacking("interface " + key.intf() + " in netns " + netns));
      Link host =
          onHost
              .link(hostName)
              .orElseThrow(() -> lacking("interface " + hostName + " on the node"));
      if (!host.kind().equals("veth") || host.peerIndex() != theirs.index()) {
        throw Fault.INVALID.because(
            "wire_if_name_on_local_node: "
                + hostName
                + " (expected: the other end of "
                + key.intf()
                + " in netns "
                + netns
                + ")");
      }
      String name = nameOf(key.id());
      removeOwn(inNode, name);
      onHost.moveTo(host.index(), node.netns(), name);
      Link moved = inNode.require(name);
      inNode.setAlias(moved.index(), markOf(key));
      inNode.setNoArp(moved.index(), true);
      inNode.setMtu(moved.index(), NODE_END_MTU);
      inNode.setUp(moved.index());
      return new Made(socketOn(moved.index()), host.index(), theirs.mtu());
    }
  }

  /** Makes a veth pair for a foreign daemon's wire. */
  Made make(EndKey key, String netns, String address, int mtu) throws IOException {
    try (Netns podNs = openPod(netns);
        Netlink inPod = Netlink.open(podNs);
        Netlink inNode = Netlink.open(node.netns())) {
      String name = nameOf(key.id());
      removeOwn(inNode, name);
      Optional<Link> there = inPod.link(key.intf());
      if (there.isPresent()) {
        throw Fault.CONFLICT.because(
            "interface "
                + key.intf()
                + " in netns "
                + netns
                + " is there already"
                + " (expected: a free name)");
      }
      VethSpec.Peer peer = new VethSpec.Peer(Optional.of(podNs), key.intf(), mtu, Optional.empty());
      Link ours =
          inNode.createVeth(new VethSpec(name, NODE_END_MTU, markOf(key), true, true, peer));
      try {
        Link theirs = inPod.require(key.intf());
        if (!address.isEmpty()) {
          inPod.addAddress(theirs.index(), Cidr.parse(address));
        }
        inPod.setUp(theirs.index());
        return new Made(socketOn(ours.index()), 0, mtu);
      } catch (LinuxException e) {
        inNode.delete(ours.index());
        throw e;
      }
    }
  }

  /** Removes the pair; what is gone already is fine. */
  void remove(EndKey key) throws IOException {
    try (Netlink inNode = Netlink.open(node.netns())) {
      removeOwn(inNode, nameOf(key.id()));
    }
  }

  private void removeOwn(Netlink inNode, String name) throws LinuxException {
    Optional<Link> old = inNode.link(name).filter(link -> link.alias().startsWith(mark));
    if (old.isPresent()) {
      inNode.delete(old.get().index());
    }
  }

  private KernelEnds.NodeEnd socketOn(int index) throws LinuxException {
    return new KernelEnds.NodeEnd(
        index, PacketSocket.open(node.netns(), index, PacketOptions.DEFAULT));
  }

  /** A pod's namespace: never the node's own, which a foreign daemon has no business in. */
  private Netns openPod(String netns) throws IOException {
    Netns open;
    try {
      open = Netns.open(netns);
    } catch (LinuxException e) {
      throw Fault.NOT_FOUND.because("local_pod_net_ns: " + e.getMessage(), e);
    }
    try (Netns host = Netns.current()) {
      long cookie = open.cookie();
      if (cookie != host.cookie() && cookie != node.netns().cookie()) {
        return open;
      }
    } catch (LinuxException e) {
      open.close();
      throw e;
    }
    open.close();
    throw Fault.invalid("local_pod_net_ns", netns, "a pod's namespace, not the node's own");
  }

  private static WeftException lacking(String what) {
    return Fault.NOT_FOUND.because("there is no " + what);
  }

  private String markOf(EndKey key) {
    return mark + key.id();
  }

  /** At most 15 characters (IFNAMSIZ), unique on the node: 56 bits of the wire's id. */
  private static String nameOf(String wireId) {
    return "m" + wireId.substring(0, 14);
  }
}

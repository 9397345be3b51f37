package dev.weft.wire.meshnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.OpenNamespaces;
import dev.weft.net.OpenNetns;
import dev.weft.net.VethPair;
import dev.weft.wire.kernel.KernelEnds;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The kernel's part of meshnet's wire ends: veth pairs of a plugin, whose host ends move into the
 * node's namespace, and pairs for foreign daemons.
 */
final class MeshnetKernel {
  private final KernelEnds kernel;
  private final LinkThread thread;
  private final LinkOwnership owner;

  MeshnetKernel(KernelEnds kernel) {
    this.kernel = kernel;
    this.thread = kernel.links().thread();
    this.owner = kernel.links().of("meshnet");
  }

  /**
   * A node end, open.
   *
   * @param formerIndex its index on the host if it was moved from there just now, else 0
   * @param mtu of the pod's interface
   */
  record Made(KernelEnds.NodeEnd end, int formerIndex, int mtu) {}

  /** Removes the node ends of wires that are not kept. */
  Future<Void> removeOthers(Set<String> kept) {
    return thread.change(
        at -> {
          owner.sweep(kernel.node().netlink(), kept);
          return null;
        });
  }

  /** Opens an existing end; empty if the end, or the pod's interface, is gone. */
  Optional<KernelEnds.NodeEnd> open(EndIntent intent) throws IOException {
    Optional<Link> link = find(intent);
    return link.isPresent() ? Optional.of(kernel.socketOn(link.get().index())) : Optional.empty();
  }

  /** The node end, if the pod's end is there too; a plugin gave that one no alias. */
  private Optional<Link> find(EndIntent intent) throws IOException {
    EndKey key = intent.key();
    Optional<Link> ours = nodeEnd(key).find().filter(link -> owner.owns(link, key.id()));
    if (ours.isEmpty()) {
      return ours;
    }
    try (OpenNetns pod = OpenNetns.open(intent.netns())) {
      return pod.netlink()
          .link(key.intf())
          .filter(theirs -> theirs.index() == ours.get().peerIndex())
          .flatMap(theirs -> ours);
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
  Future<Made> adopt(EndKey key, String hostName, String netns) {
    return thread.change(
        at -> {
          try (OpenNetns pod = openPod(at, netns)) {
            Link theirs =
                pod.netlink()
                    .link(key.intf())
                    .orElseThrow(() -> lacking("interface " + key.intf() + " in netns " + netns));
            Netlink onHost = at.host().netlink();
            Link host =
                onHost
                    .link(hostName)
                    .orElseThrow(() -> lacking("interface " + hostName + " on the node"));
            if (!host.kind().equals("veth") || host.peerIndex() != theirs.index()) {
              throw Fault.INVALID.because(
                  "wire_if_name_on_local_node: %s (expected: the other end of %s in netns %s)"
                      .formatted(hostName, key.intf(), netns));
            }
            LinkEnd end = nodeEnd(key);
            owner.clear(end);
            onHost.moveTo(host.index(), kernel.netns(), end.name());
            Netlink inNode = kernel.node().netlink();
            Link moved = inNode.require(end.name());
            inNode.setAlias(moved.index(), owner.alias(key.id()));
            inNode.setNoArp(moved.index(), true);
            inNode.setMtu(moved.index(), end.mtu());
            inNode.setUp(moved.index());
            return new Made(kernel.socketOn(moved.index()), host.index(), theirs.mtu());
          }
        });
  }

  /** Creates a veth pair for a foreign daemon's wire. */
  Future<Made> make(EndKey key, String netns, Optional<Cidr> address, int mtu) {
    return thread.change(
        at -> {
          try (OpenNetns pod = openPod(at, netns)) {
            LinkEnd there =
                LinkEnd.ofPod(pod, key.intf(), mtu, "netns " + netns).withAddress(address);
            Link link = VethPair.ensure(owner, key.id(), nodeEnd(key), there);
            return new Made(kernel.socketOn(link.index()), 0, mtu);
          }
        });
  }

  /** Removes the pair; what is gone already is fine. */
  Future<Void> remove(EndKey key) {
    LinkThread.Place place = new LinkThread.Place(kernel.netns().toString(), nameOf(key.id()));
    return thread.remove(owner.alias(key.id()), List.of(place));
  }

  /**
   * Opens a pod's namespace; refuses the host's and the node's, which no foreign call may change.
   */
  private OpenNetns openPod(OpenNamespaces at, String netns) throws IOException {
    OpenNetns open;
    try {
      open = OpenNetns.open(netns);
    } catch (LinuxException e) {
      throw Fault.NOT_FOUND.because("local_pod_net_ns: " + e.getMessage(), e);
    }
    if (open.identity() == at.host().identity() || open.identity() == kernel.node().identity()) {
      open.close();
      throw Fault.invalid("local_pod_net_ns", netns, "a pod's namespace, not the node's own");
    }
    return open;
  }

  private static WeftException lacking(String what) {
    return Fault.NOT_FOUND.because("there is no " + what);
  }

  private LinkEnd nodeEnd(EndKey key) {
    return kernel.nodeEnd(nameOf(key.id()));
  }

  /** At most 15 characters (IFNAMSIZ), unique on the node: 56 bits of the wire's id. */
  private static String nameOf(String wireId) {
    return "m" + wireId.substring(0, 14);
  }
}

package dev.weft.wire.kernel;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.Sysctl;
import dev.weft.net.LinkEnd;
import dev.weft.net.LinkOwnership;
import dev.weft.net.LinkThread;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNamespaces;
import dev.weft.net.OpenNetns;
import dev.weft.net.VethPair;
import dev.weft.pod.Pod;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's part of wires: veth pairs between pods and the namespace {@code weft-<node id>} that
 * holds the node ends and outlives the process. Links are created on the node's thread for links;
 * the namespace and sockets are opened on the caller's, which blocks.
 */
public final class KernelEnds implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KernelEnds.class);

  /**
   * The pod's end has the wire's MTU. The node end has the largest there is: a packet socket takes
   * frames up to its own end's MTU and one VLAN tag, which a full frame with two tags exceeds.
   */
  private static final int NODE_END_MTU = WireSpec.MAX_MTU;

  /** Bytes; such a packet is a batch, with all that is around it. */
  private static final int BIG_TCP = 130_000;

  private static final int USUAL_TCP = 64 << 10;

  private final NodeLinks links;
  private final LinkThread thread;
  private final LinkOwnership owner;
  private final String name;
  private OpenNetns node;

  public KernelEnds(NodeLinks links) {
    this.links = links;
    this.thread = links.thread();
    this.owner = links.of("wire");
    this.name = "weft-" + links.node();
  }

  /** A node end: its interface index and a packet socket bound to it. */
  public record NodeEnd(int ifindex, PacketSocket socket) {}

  /**
   * Creates or opens the node's namespace; removes the ends of all other wires.
   *
   * @param onHost those of them that may have an interface on the host
   */
  public void open(Set<String> wanted, Set<String> onHost) throws IOException {
    node = openNode();
    // Node ends carry other hosts' frames: this namespace's own stack keeps out of them.
    Sysctl.write(node.netns(), "net/ipv6/conf/default/disable_ipv6", "1");
    thread.await(
        at -> {
          owner.sweep(node.netlink(), wanted);
          // A tunnel is created on the host and moved into its pod: one that is still here is
          // unfinished.
          owner.sweep(at.host().netlink(), onHost);
          return null;
        });
  }

  /**
   * Why the node ends go with this process, though they are to be kept; empty if they stay. True
   * before the first {@link #open}.
   */
  public Optional<String> fleeting() throws IOException {
    return Netns.fleeting();
  }

  private OpenNetns openNode() throws IOException {
    if (Netns.list().contains(name)) {
      try {
        return OpenNetns.open(name);
      } catch (LinuxException e) {
        if (!e.errnoName().equals("EINVAL")) {
          throw e;
        }
        // A name without a namespace: its mount was visible to a former process only.
        Netns.deleteIfExists(name);
      }
    }
    Netns.create(name);
    return OpenNetns.open(name);
  }

  public KernelTunnels tunnels() {
    return new KernelTunnels(links, owner, node);
  }

  public NodeLinks links() {
    return links;
  }

  /** The node's namespace, open as long as this is. */
  public OpenNetns node() {
    return node;
  }

  public Netns netns() {
    return node.netns();
  }

  /**
   * The wire that a link of its pods, or its node end, seems to belong to; a pod can write the
   * alias by which that is told.
   */
  public Optional<String> wireOf(Link link) {
    return owner.idOf(link);
  }

  /** Switches the carrier of a pod's interface, which for a veth follows the node end's state. */
  public Future<Void> carrier(int ifindex, boolean on) {
    return thread.change(
        at -> {
          if (on) {
            node.netlink().setUp(ifindex);
          } else {
            node.netlink().setDown(ifindex);
          }
          return null;
        });
  }

  /**
   * Creates the pod's interface and the node end of a grpc wire, or adopts a pair that fits.
   *
   * @param carrier whether the pod's interface has one; a pair that is adopted may have lost it
   *     under another configuration
   * @return the node end's index
   */
  public Future<Integer> join(WireSpec spec, Pod pod, boolean carrier) {
    return thread.change(
        at -> {
          Link made =
              VethPair.ensure(
                  owner,
                  spec.id(),
                  nodeEnd(nameOf(spec.id())),
                  end(at, spec, spec.local(), pod, spec.mtu()).keeping(kept(spec, false)));
          if (!carrier) {
            node.netlink().setDown(made.index());
          } else if (!made.up()) {
            node.netlink().setUp(made.index());
          }
          return made.index();
        });
  }

  /** A topology's pods may set their interfaces down; other rooms' wires are healed. */
  private static LinkEnd.Kept kept(WireSpec spec, boolean again) {
    if (!spec.isOfTopology()) {
      return LinkEnd.Kept.NOTHING;
    }
    return again ? LinkEnd.Kept.STATE_AND_MTU : LinkEnd.Kept.STATE;
  }

  /** An end in the node's namespace as it should be. */
  public LinkEnd nodeEnd(String interfaceName) {
    return LinkEnd.ofNode(node, interfaceName, NODE_END_MTU).withoutArp();
  }

  /** Opens a node end. Blocks. */
  public NodeEnd socketOn(int ifindex) throws LinuxException {
    return new NodeEnd(ifindex, PacketSocket.open(node.netns(), ifindex, PacketOptions.DEFAULT));
  }

  /** Opens an interface of the host, for frames to all addresses. Blocks. */
  public NodeEnd socketOnHost(int ifindex) throws LinuxException {
    try (Netns host = Netns.open(Netns.HOST)) {
      return new NodeEnd(ifindex, PacketSocket.open(host, ifindex, PacketOptions.PROMISCUOUS));
    }
  }

  /**
   * The index of an interface of the host that an end is, checked as {@link HostNics} does.
   *
   * @param nodes addresses by which this node and others are reached
   */
  public Future<Integer> nic(WireSpec spec, WireSpec.End end, Pod pod, List<InetAddress> nodes) {
    return thread.change(
        at -> {
          if (at.at(pod.netns(), pod.identity()).identity() != at.host().identity()) {
            throw Fault.CONFLICT.because(
                "nic of %s: %s (expected: a pod of the host's namespace, as weft pod add NAME --netns"
                        .formatted(end.text(), end.nic())
                    + " host makes one)");
          }
          return new HostNics(at.host().netlink(), nodes).check(end, spec.mtu()).index();
        });
  }

  /**
   * Joins two pods of this node by one veth pair.
   *
   * @param again whether the wire stood before: its ends keep the MTU that their pods gave them
   */
  public Future<KernelLink> joinVeth(WireSpec spec, Pod local, Pod peer, boolean again) {
    LinkEnd.Kept kept = kept(spec, again);
    return thread.change(
        at -> {
          LinkEnd here = end(at, spec, spec.local(), local, spec.mtu()).keeping(kept);
          LinkEnd there = end(at, spec, spec.peer(), peer, spec.mtu()).keeping(kept);
          VethPair.ensure(owner, spec.id(), here, there);
          node.netlink().identify(here.at().netns());
          node.netlink().identify(there.at().netns());
          return KernelLink.read(here.at().netlink(), here.name());
        });
  }

  /**
   * A pod's interface.
   *
   * @param wire its id
   * @param identity of the pod's namespace
   */
  public record Carried(String wire, LinkThread.Place place, long identity) {}

  /**
   * Interfaces as they are by now, by wire; without those that are gone, and without all while
   * changes of links wait, which go first.
   */
  public Future<Map<String, KernelLink>> look(List<Carried> carried) {
    return carried.isEmpty() || thread.isBusy()
        ? Future.succeededFuture(Map.of())
        : thread.change(at -> look(at, carried));
  }

  private static Map<String, KernelLink> look(OpenNamespaces at, List<Carried> all) {
    Map<String, KernelLink> found = new HashMap<>();
    for (Carried one : all) {
      try {
        Netlink inPod = at.at(one.place().netns(), one.identity()).netlink();
        found.put(one.wire(), KernelLink.read(inPod, one.place().name()));
      } catch (LinuxException | WeftException e) {
        log.debug("no counters of wire {}: {}", one.wire(), e.getMessage());
      }
    }
    return found;
  }

  /**
   * Lets a pod's TCP give its interface IPv4 packets of up to {@link #BIG_TCP} bytes at once, or of
   * 64 KiB as usual, and the node end take those of the wire's peer.
   *
   * @param ifindex of the node end
   */
  public Future<Void> bigTcp(Carried end, int ifindex, boolean on) {
    int bytes = on ? BIG_TCP : USUAL_TCP;
    return thread.change(
        at -> {
          node.netlink().setIpv4GsoLimit(ifindex, bytes);
          Netlink inPod = at.at(end.place().netns(), end.identity()).netlink();
          inPod.setIpv4GsoLimit(inPod.require(end.place().name()).index(), bytes);
          return null;
        });
  }

  /** Interfaces as their pods have made them, in the same order. */
  public Future<List<EndState>> states(List<Carried> ends) {
    return thread.change(
        at -> {
          List<EndState> states = new ArrayList<>();
          for (Carried end : ends) {
            Link link = require(at, end);
            states.add(new EndState(link.up(), link.mtu()));
          }
          return states;
        });
  }

  private static Link require(OpenNamespaces at, Carried end) throws LinuxException {
    return at.at(end.place().netns(), end.identity()).netlink().require(end.place().name());
  }

  /**
   * Cuts the wire at these interfaces, or mends it: a vxlan and a macvlan lose their carrier; a
   * veth between two pods, which has no switch for it, is set down.
   */
  public Future<Void> cut(List<Carried> ends, boolean cut) {
    return thread.change(
        at -> {
          for (Carried end : ends) {
            Netlink in = at.at(end.place().netns(), end.identity()).netlink();
            Link link = in.require(end.place().name());
            if (!link.kind().equals("veth")) {
              in.setProtocolDown(link.index(), cut);
            } else if (cut && link.up()) {
              in.setDown(link.index());
            } else if (!cut && !link.up()) {
              in.setUp(link.index());
            }
          }
          return null;
        });
  }

  static LinkEnd end(OpenNamespaces at, WireSpec spec, WireSpec.End end, Pod pod, int mtu)
      throws LinuxException {
    OpenNetns there = at.at(pod.netns(), pod.identity());
    return LinkEnd.ofPod(there, end.intf(), mtu, "pod " + pod.ref())
        .withMac(spec.macOf(end))
        .withOtherName(Optional.ofNullable(end.name()))
        .withAddresses(end.addresses().stream().map(Cidr::parse).toList());
  }

  /**
   * Removes the links of a wire; links that are gone already are no failure.
   *
   * @param more where they may be besides this node's namespace
   */
  public Future<Void> remove(WireSpec spec, List<LinkThread.Place> more) {
    List<LinkThread.Place> places = new ArrayList<>();
    places.add(new LinkThread.Place(name, nameOf(spec.id())));
    places.addAll(more);
    String alias = owner.alias(spec.id());
    return thread
        .remove(alias, places)
        .onSuccess(
            v -> {
              if (spec.kind() == WireKind.VXLAN) {
                links.vxlans().release(KernelTunnels.vni(spec), alias);
              }
            });
  }

  /** Removes the node's namespace and with it every node end. */
  public void removeAll() throws IOException {
    close();
    Netns.deleteIfExists(name);
  }

  @Override
  public void close() {
    if (node != null) {
      node.close();
      node = null;
    }
  }

  /** At most 15 characters (IFNAMSIZ), unique on the node: 56 bits of the wire's id. */
  private static String nameOf(String wireId) {
    return "w" + wireId.substring(0, 14);
  }
}

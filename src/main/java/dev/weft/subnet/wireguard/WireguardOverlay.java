package dev.weft.subnet.wireguard;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.WireguardDevice;
import dev.weft.linux.WireguardKey;
import dev.weft.linux.WireguardPeer;
import dev.weft.net.LinkOwnership;
import dev.weft.net.SoleAddress;
import dev.weft.net.WireguardDevices;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/** The node's WireGuard devices, one for each generation of its keys. For one thread. */
public final class WireguardOverlay implements AutoCloseable {
  /** Keeps NATs and firewalls open, and has the first handshake begin without a packet. */
  private static final int KEEPALIVE_SECONDS = 25;

  /**
   * With keepalives a handshake is made every 120 s (REKEY_AFTER_TIME); a session ends after 180
   * (REJECT_AFTER_TIME).
   */
  private static final long FRESH_SECONDS = 190;

  private static final String WHAT = "wireguard:";
  private static final String KIND = "wireguard";
  private static final int SLOTS = 2;

  private final Netlink netlink;
  private final LinkOwnership owner;
  private final WireguardDevices devices;
  private final int port;
  private final LongSupplier clock;
  private final Generations generations = new Generations(KeyPair::make);
  private boolean adopted;

  /** Ports that a device of this node has. */
  private final Set<Integer> listening = new HashSet<>();

  /** By public key, where packets to it were last told to go; it may have moved since. */
  private final Map<WireguardKey, String> endpoints = new HashMap<>();

  /**
   * @param port UDP port of the one device; the other one has the next
   * @param clock Unix time in seconds
   */
  public WireguardOverlay(
      Netlink netlink,
      LinkOwnership owner,
      WireguardDevices devices,
      int port,
      LongSupplier clock) {
    this.netlink = netlink;
    this.owner = owner;
    this.devices = devices;
    this.port = port;
    this.clock = clock;
  }

  /** The longest packet that a device carries whole: IP 20 or 40, UDP 8, WireGuard 32 bytes. */
  public static int mtu(int underlay, boolean four) {
    return Math.min(underlay, 0xffff) - (four ? 60 : 80);
  }

  static String nameOf(int slot) {
    return "weft-wg" + slot;
  }

  /** UDP ports on which a device of this node takes members' packets. */
  public Set<Integer> ports() {
    return Set.copyOf(listening);
  }

  /** The names of the devices that there are. */
  public List<String> names() {
    return generations.own().stream().map(g -> nameOf(g.slot())).toList();
  }

  /**
   * Makes the devices as the members' announcements want them.
   *
   * @param routers the node's own addresses on the overlay
   * @param mtu of the devices, bytes
   */
  public WireguardSeen reconcile(List<Cidr> routers, int mtu, List<WireguardMember> members)
      throws LinuxException {
    adopt();
    long now = clock.getAsLong();
    Map<Generation, WireguardDevice> found = new HashMap<>();
    for (Generation own : generations.own()) {
      devices.get(nameOf(own.slot())).ifPresent(device -> found.put(own, device));
    }
    generations.step(now, members, (by, node) -> isFresh(found.get(by), key(members, node, by)));
    String trouble = null;
    listening.clear();
    for (Generation own : generations.own()) {
      try {
        ensure(own, routers, mtu);
        listening.add(port + own.slot());
        setPeers(own, members);
      } catch (LinuxException | WeftException e) {
        trouble = e.getMessage();
      }
    }
    removeOthers();
    return seen(members, found).but(trouble);
  }

  private WireguardSeen seen(
      List<WireguardMember> members, Map<Generation, WireguardDevice> found) {
    List<Generation> own = generations.own();
    Map<String, String> through = new HashMap<>();
    Set<String> up = new HashSet<>();
    for (WireguardMember member : members) {
      String node = member.node();
      Generation by = generations.sendsTo(node).orElse(own.get(own.size() - 1));
      through.put(node, nameOf(by.slot()));
      if (isFresh(found.get(by), key(members, node, by))) {
        up.add(node);
      }
    }
    List<AnnouncedKey> announced =
        own.stream()
            .map(g -> new AnnouncedKey(g.number(), g.keys().open().base64(), port + g.slot()))
            .toList();
    return new WireguardSeen(announced, generations.sendsBy(), through, up, null);
  }

  /** A device that an earlier process left has its private key. */
  private void adopt() throws LinuxException {
    for (int slot = 0; !adopted && slot < SLOTS; slot++) {
      Optional<Link> link = netlink.link(nameOf(slot)).filter(l -> numbers(owner, l).length == 2);
      Optional<WireguardDevice> device =
          link.isPresent() ? devices.get(nameOf(slot)) : Optional.empty();
      if (device.isPresent() && device.get().privateKey().isPresent()) {
        long[] numbers = numbers(owner, link.get());
        KeyPair keys =
            new KeyPair(device.get().privateKey().get(), device.get().publicKey().orElseThrow());
        generations.adopt(
            new Generation(numbers[0], slot, Math.min(numbers[1], clock.getAsLong()), keys));
      }
    }
    adopted = true;
  }

  /** Generation and time of an own device's alias; none of another's. */
  private static long[] numbers(LinkOwnership owner, Link link) {
    Optional<String> id =
        owner.idOf(link).filter(text -> text.matches(WHAT + "\\d{1,18}:\\d{1,18}"));
    if (id.isEmpty()) {
      return new long[0];
    }
    String[] parts = id.get().substring(WHAT.length()).split(":", -1);
    return new long[] {Long.parseLong(parts[0]), Long.parseLong(parts[1])};
  }

  private void ensure(Generation own, List<Cidr> routers, int mtu) throws LinuxException {
    String name = nameOf(own.slot());
    String alias = owner.alias(WHAT + own.number() + ":" + own.since());
    Optional<Link> there = netlink.link(name);
    if (there.isPresent() && !isOurs(there.get())) {
      throw Fault.CONFLICT.because(
          "interface " + name + " is there already, and Weft did not make it (expected: none)");
    }
    Link link = there.isPresent() ? there.get() : devices.create(name, mtu);
    if (!link.alias().equals(alias)) {
      netlink.setAlias(link.index(), alias);
    }
    WireguardDevice device = devices.get(name).orElseThrow(() -> gone(name));
    int wanted = port + own.slot();
    boolean keyed = device.privateKey().filter(own.keys().secret()::equals).isPresent();
    try {
      if (!keyed || device.port() != wanted) {
        devices.setOwn(name, own.keys().secret(), wanted);
      }
      if (link.mtu() != mtu) {
        netlink.setMtu(link.index(), mtu);
      }
      SoleAddress.set(netlink, link.index(), routers, c -> c.prefixLength() == c.bits());
      if (!link.up()) {
        netlink.setUp(link.index());
      }
    } catch (LinuxException e) {
      if (e.errnoName().equals("EADDRINUSE")) {
        throw portTaken(wanted, name, e);
      }
      throw e;
    }
  }

  /** A device of our name without an alias is what a process left that was killed in between. */
  private boolean isOurs(Link link) throws LinuxException {
    return owner.owns(link)
        || (link.alias().isEmpty()
            && devices.get(link.name()).filter(d -> d.privateKey().isEmpty()).isPresent());
  }

  private static WeftException gone(String name) {
    return Fault.UNAVAILABLE.because("interface " + name + " was removed meanwhile");
  }

  private WeftException portTaken(int wanted, String own, LinuxException e) throws LinuxException {
    String holder = "a program's socket";
    for (Link link : netlink.links()) {
      boolean other = link.kind().equals(KIND) && !link.name().equals(own);
      if (other && devices.get(link.name()).filter(d -> d.port() == wanted).isPresent()) {
        holder = "interface " + link.name();
      }
    }
    return Fault.CONFLICT.because(
        "UDP port: "
            + wanted
            + " is in use by "
            + holder
            + " (expected: one that is free; subnets.wireguard.port and the next one)",
        e);
  }

  private void setPeers(Generation own, List<WireguardMember> members) throws LinuxException {
    String name = nameOf(own.slot());
    Map<WireguardKey, WireguardPeer> is = new LinkedHashMap<>();
    devices.get(name).ifPresent(device -> device.peers().forEach(peer -> is.put(peer.key(), peer)));
    Map<WireguardKey, WireguardPeer> wanted = peers(own, members);
    List<WireguardKey> gone = is.keySet().stream().filter(k -> !wanted.containsKey(k)).toList();
    List<WireguardPeer> changed = new ArrayList<>();
    wanted.forEach(
        (key, peer) -> {
          WireguardPeer present = is.get(key);
          boolean same =
              present != null
                  && present.keepalive() == peer.keepalive()
                  && Set.copyOf(present.allowed()).equals(Set.copyOf(peer.allowed()))
                  && !isMoved(present, peer);
          if (!same) {
            changed.add(peer);
          }
        });
    // First, so that networks of a key that was replaced are free.
    if (!gone.isEmpty()) {
      devices.removePeers(name, gone);
      endpoints.keySet().removeAll(gone);
    }
    if (!changed.isEmpty()) {
      devices.setPeers(name, changed);
    }
  }

  /** Whether packets are to go elsewhere than before; where they went by themselves is left. */
  private boolean isMoved(WireguardPeer present, WireguardPeer wanted) {
    String before = endpoints.put(wanted.key(), endpoint(wanted));
    return !endpoint(wanted)
        .equals(before != null ? before : present.endpoint() == null ? "" : endpoint(present));
  }

  private static String endpoint(WireguardPeer peer) {
    return IpAddress.format(peer.endpoint()) + " " + peer.port();
  }

  /** The peers of one of the node's own keys: the members' keys of the same generation. */
  static Map<WireguardKey, WireguardPeer> peers(Generation own, List<WireguardMember> members) {
    Map<WireguardKey, WireguardPeer> peers = new LinkedHashMap<>();
    for (WireguardMember member : members) {
      Optional<AnnouncedKey> announced = announced(member, own.number());
      Optional<WireguardKey> key = announced.flatMap(a -> WireguardKey.find(a.key()));
      if (key.isPresent() && !key.get().equals(own.keys().open()) && member.endpoint() != null) {
        peers.putIfAbsent(
            key.get(),
            new WireguardPeer(
                key.get(),
                member.endpoint(),
                announced.get().port(),
                KEEPALIVE_SECONDS,
                member.subnets(),
                0));
      }
    }
    return peers;
  }

  private static Optional<AnnouncedKey> announced(WireguardMember member, long generation) {
    return member.keys().stream()
        .filter(key -> key.generation() == generation && key.port() > 0 && key.port() < 0x10000)
        .findFirst();
  }

  private static Optional<WireguardKey> key(
      List<WireguardMember> members, String node, Generation by) {
    return members.stream()
        .filter(member -> member.node().equals(node))
        .findFirst()
        .flatMap(member -> announced(member, by.number()))
        .flatMap(announced -> WireguardKey.find(announced.key()));
  }

  private boolean isFresh(WireguardDevice device, Optional<WireguardKey> key) {
    long now = clock.getAsLong();
    return device != null
        && device.peers().stream()
            .filter(peer -> key.filter(peer.key()::equals).isPresent())
            .anyMatch(peer -> peer.handshake() > 0 && now - peer.handshake() < FRESH_SECONDS);
  }

  private void removeOthers() throws LinuxException {
    Set<String> kept = new HashSet<>(names());
    for (int slot = 0; slot < SLOTS; slot++) {
      if (!kept.contains(nameOf(slot))) {
        remove(netlink, owner, nameOf(slot));
      }
    }
  }

  /** Removes a node's devices, and its keys with them. */
  public static void removeAll(Netlink netlink, LinkOwnership owner) throws LinuxException {
    for (int slot = 0; slot < SLOTS; slot++) {
      remove(netlink, owner, nameOf(slot));
    }
  }

  private static void remove(Netlink netlink, LinkOwnership owner, String name)
      throws LinuxException {
    Optional<Link> link = netlink.link(name).filter(found -> numbers(owner, found).length == 2);
    if (link.isPresent()) {
      netlink.delete(link.get().index());
    }
  }

  @Override
  public void close() {
    devices.close();
  }
}

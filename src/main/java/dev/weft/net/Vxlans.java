package dev.weft.net;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Sysctl;
import dev.weft.linux.VxlanSpec;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * The VXLAN devices (RFC 7348) of one node, and which of them has which network identifier (VNI).
 * The kernel decides whether a VNI is free: it refuses to create a second device of the same VNI,
 * port and address family in one namespace, wherever the first one was moved to. The table here
 * only names the holder in messages, and keeps {@link #pick} from trying its VNI.
 */
public final class Vxlans {
  /** IANA's UDP port. */
  public static final int PORT = 4789;

  /** By VNI, the alias of the device that was created or adopted last. */
  private final Map<Integer, String> holders = new ConcurrentHashMap<>();

  /** Whether a device is the wanted tunnel, whatever its name and MTU, which can be corrected. */
  public static boolean fits(Link link, VxlanSpec wanted) {
    return link.vxlan().filter(is -> is.named("x", 68).equals(wanted.named("x", 68))).isPresent();
  }

  /**
   * Creates a device in this thread's namespace, where it stays; the device is down.
   *
   * @throws WeftException CONFLICT naming the holder of the VNI
   */
  public Link create(Netlink onHost, VxlanSpec spec, String alias) throws LinuxException {
    Link made = make(onHost, spec, alias);
    try {
      onHost.setAlias(made.index(), alias);
    } catch (LinuxException e) {
      onHost.delete(made.index());
      throw e;
    }
    holders.put(spec.vni(), alias);
    return made;
  }

  /**
   * Adopts the pod's device if it fits, or creates one in place of a leftover.
   *
   * @throws WeftException CONFLICT if somebody else's link has the interface's name, or the VNI
   */
  public void ensure(Netlink onHost, LinkEnd pod, VxlanSpec spec, LinkOwnership owner, String id)
      throws LinuxException {
    Optional<Link> there =
        pod.find().filter(link -> owner.owns(link, id)).filter(link -> fits(link, spec));
    if (there.isPresent()) {
      holders.put(spec.vni(), owner.alias(id));
      pod.correct(there.get());
    } else {
      owner.clear(pod);
      create(onHost, pod, spec, owner.alias(id));
    }
  }

  /**
   * Creates a device on the host, which sends and receives the tunnel's packets, moves it into a
   * pod, where the name must be free, and brings it up.
   *
   * @param spec name and MTU are not used: those of {@code pod} are
   * @throws WeftException CONFLICT naming the holder of the VNI
   */
  public Link create(Netlink onHost, LinkEnd pod, VxlanSpec spec, String alias)
      throws LinuxException {
    Link made = create(onHost, spec.named(nameOf(spec.vni()), pod.mtu()), alias);
    Netlink in = onHost;
    int index = made.index();
    try {
      if (pod.mac().isPresent()) {
        onHost.setMac(index, pod.mac().get());
      }
      onHost.moveTo(index, pod.at().netns(), pod.name());
      Link end = pod.at().netlink().require(pod.name());
      // The device may have another index in the pod's namespace.
      in = pod.at().netlink();
      index = end.index();
      // The kernel itself tells the neighbours when the link comes up (gratuitous ARP).
      Sysctl.write(pod.at().netns(), "net/ipv4/conf/" + pod.name() + "/arp_notify", "1");
      pod.finish(index);
      return end;
    } catch (LinuxException | RuntimeException e) {
      release(spec.vni(), alias);
      in.delete(index);
      throw e;
    }
  }

  /** Notes a device with that VNI that a former process created. */
  public void adopt(int vni, String alias) {
    holders.put(vni, alias);
  }

  /** Forgets the device with that alias; a VNI that another device has stays noted. */
  public void release(int vni, String alias) {
    holders.remove(vni, alias);
  }

  /** A random VNI of a range that no device of this node is known to have. */
  public int pick(RandomGenerator random, int first, int last) {
    return random
        .ints(1000, first, last + 1)
        .filter(vni -> !holders.containsKey(vni))
        .findFirst()
        .orElseThrow(
            () ->
                Fault.EXHAUSTED.because(
                    "vni: " + first + ".." + last + " are all in use (expected: a free one)"));
  }

  private Link make(Netlink onHost, VxlanSpec spec, String alias) throws LinuxException {
    try {
      return onHost.createVxlan(spec);
    } catch (LinuxException e) {
      if (e.errnoName().equals("EADDRINUSE")) {
        throw portTaken(onHost, spec.port(), e);
      }
      if (!e.errnoName().equals("EEXIST")) {
        throw e;
      }
      // A process that was killed between creating and moving a device has left it here.
      Optional<Link> leftover = onHost.link(nameOf(spec.vni()));
      boolean ours =
          leftover
              .filter(l -> l.kind().equals("vxlan"))
              .filter(l -> l.alias().isEmpty() || l.alias().equals(alias))
              .isPresent();
      if (!ours) {
        throw taken(onHost, spec, e);
      }
      onHost.delete(leftover.get().index());
      return onHost.createVxlan(spec);
    }
  }

  /**
   * What an EADDRINUSE means, which comes when a device is created or when it goes up: two devices
   * share a port only if they agree in what the kernel's socket is made with.
   */
  public static WeftException portTaken(Netlink onHost, int port, LinuxException e)
      throws LinuxException {
    String holder =
        onHost.links().stream()
            .filter(Link::up)
            .filter(link -> link.vxlan().filter(v -> v.port() == port).isPresent())
            .map(link -> "interface " + link.name())
            .findFirst()
            .orElse("a program's socket");
    return Fault.CONFLICT.because(
        "UDP port: " + port + " is in use by " + holder + " (expected: one that is free)", e);
  }

  private WeftException taken(Netlink onHost, VxlanSpec spec, LinuxException e)
      throws LinuxException {
    Optional<String> device =
        onHost.links().stream()
            .filter(
                link ->
                    link.vxlan()
                        .filter(v -> v.vni() == spec.vni() && v.port() == spec.port())
                        .isPresent())
            .map(link -> "interface " + link.name())
            .findFirst();
    String holder =
        device
            .or(() -> Optional.ofNullable(holders.get(spec.vni())))
            .orElse("a device in another namespace");
    return Fault.CONFLICT.because(
        "vni: " + spec.vni() + " is in use by " + holder + " (expected: one that is free here)", e);
  }

  /** The device's name until it is in its pod; devices are created and moved one at a time. */
  private static String nameOf(int vni) {
    return "wv" + vni;
  }
}

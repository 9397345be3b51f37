package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import java.util.Optional;

/** Macvlan devices in pods, in mode bridge, on a device of the host. */
public final class Macvlan {
  private Macvlan() {}

  /**
   * Adopts the pod's device if it fits, or creates one in place of a leftover, and brings it up.
   *
   * @throws dev.weft.bus.WeftException CONFLICT if somebody else's link has the name
   */
  public static void ensure(
      Netlink onHost, Link parent, LinkEnd pod, LinkOwnership owner, String id)
      throws LinuxException {
    Optional<Link> there =
        pod.find()
            .filter(link -> owner.owns(link, id))
            .filter(link -> link.peerIndex() == parent.index());
    if (there.isPresent()) {
      pod.correct(there.get());
    } else {
      owner.clear(pod);
      create(onHost, parent, pod, owner.alias(id));
    }
  }

  private static void create(Netlink onHost, Link parent, LinkEnd pod, String alias)
      throws LinuxException {
    onHost.createMacvlan(pod.name(), parent.index(), pod.at().netns());
    Netlink in = pod.at().netlink();
    int index = in.require(pod.name()).index();
    try {
      in.setAlias(index, alias);
      if (pod.mac().isPresent()) {
        in.setMac(index, pod.mac().get());
      }
      in.setMtu(index, pod.mtu());
      pod.finish(index);
    } catch (LinuxException | RuntimeException e) {
      in.delete(index);
      throw e;
    }
  }
}

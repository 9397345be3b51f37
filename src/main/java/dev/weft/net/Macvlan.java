package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;

/** Macvlans in pods, in mode bridge, on a device of the host. */
public final class Macvlan {
  private Macvlan() {}

  /** Creates one whose name in the pod is free; it is up. On a failure nothing is left. */
  public static void create(Netlink onHost, Link parent, LinkEnd pod, String alias)
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

package dev.weft.wire.kernel;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.pod.Pod;
import dev.weft.wire.WireSpec;
import java.util.Optional;

/** What all kinds of wires do with a pod's interface. */
final class PodInterfaces {
  private final String mark;

  /**
   * @param mark what the aliases of this node's wires begin with
   */
  PodInterfaces(String mark) {
    this.mark = mark;
  }

  /** Removes a leftover of ours that stands in the way; anyone else's is a conflict. */
  void clear(Netlink inPod, String intf, Pod pod) throws LinuxException {
    Optional<Link> there = inPod.link(intf);
    if (there.isEmpty()) {
      return;
    }
    if (!there.get().alias().startsWith(mark)) {
      throw taken(intf, pod, there.get());
    }
    inPod.delete(there.get().index());
  }

  /** Gives an interface its alias and address and brings it up, where it lacks them. */
  static void dress(Netlink inPod, WireSpec.End end, String alias) throws LinuxException {
    Link link = inPod.require(end.intf());
    if (!link.alias().equals(alias)) {
      inPod.setAlias(link.index(), alias);
    }
    if (end.address() != null) {
      inPod.addAddress(link.index(), Cidr.parse(end.address()));
    }
    if (!link.up()) {
      inPod.setUp(link.index());
    }
  }

  private static WeftException taken(String intf, Pod pod, Link there) {
    return Fault.CONFLICT.because(
        "interface "
            + intf
            + " in pod "
            + pod.ref()
            + " is there already"
            + (there.kind().isEmpty() ? "" : ", a " + there.kind())
            + " that Weft did not make (expected: a free name)");
  }
}

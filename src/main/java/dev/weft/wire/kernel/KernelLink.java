package dev.weft.wire.kernel;

import dev.weft.linux.Link;
import dev.weft.linux.LinkTraffic;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.wire.WireStatus;

/**
 * A pod's interface whose frames the kernel carries, as it is.
 *
 * @param mtu bytes
 * @param sent from the pod on this node towards the peer
 */
public record KernelLink(int mtu, WireStatus.Traffic sent, WireStatus.Traffic received) {
  static KernelLink read(Netlink inPod, String name) throws LinuxException {
    Link link = inPod.require(name);
    LinkTraffic traffic = inPod.traffic(link.index());
    return new KernelLink(link.mtu(), of(traffic.sent()), of(traffic.received()));
  }

  private static WireStatus.Traffic of(LinkTraffic.Direction way) {
    return new WireStatus.Traffic(way.frames(), way.bytes(), way.lost());
  }
}

package dev.weft.cli.demo;

import dev.weft.address.Cidr;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.pod.PodRef;
import dev.weft.topology.LinkStatus;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Pings along a link, full frames that may not be fragmented, and says what came of it. */
final class LinkProof {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int PINGS = 10;

  private final DemoNetwork network;

  LinkProof(DemoNetwork network) {
    this.network = network;
  }

  /**
   * One direction of a link.
   *
   * @param rtt median of the round trips; empty if a ping was not answered
   * @param problem why not; null where all were
   */
  record Result(String from, String to, Optional<Duration> rtt, String problem) {}

  /** Pings the peer's address from the link's pod. */
  Result ping(LinkStatus link) {
    String from = link.pod().name() + ":" + link.localIntf();
    String to = link.peer().name() + ":" + link.peerIntf();
    return ping(link.pod(), from, to, Cidr.parse(link.peerIp()).address(), link.mtu());
  }

  /** Pings an address from a pod, with packets as long as the MTU. */
  Result ping(PodRef pod, String from, String to, InetAddress target, int mtu) {
    try (Netns netns = Netns.open(network.netnsOf(pod));
        IcmpEcho echo = IcmpEcho.open(netns, target, IcmpEcho.payload(target, mtu), true)) {
      List<Duration> trips = new ArrayList<>();
      // The first one also resolves the neighbour.
      boolean answered = echo.ping(TIMEOUT).isPresent();
      for (int i = 0; answered && i < PINGS; i++) {
        Optional<Duration> trip = echo.ping(TIMEOUT);
        answered = trip.isPresent();
        trip.ifPresent(trips::add);
      }
      if (!answered) {
        return new Result(
            from, to, Optional.empty(), "no reply within " + TIMEOUT.toSeconds() + " s");
      }
      trips.sort(null);
      return new Result(from, to, Optional.of(trips.get(trips.size() / 2)), null);
    } catch (LinuxException e) {
      return new Result(from, to, Optional.empty(), e.getMessage());
    }
  }
}

package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.api.Doctor.Finding;
import dev.weft.bus.Reason;
import dev.weft.cluster.Member;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Tries the network between nodes; each for at most two seconds. */
final class UnderlayCheck {
  private static final Duration TIMEOUT = Duration.ofMillis(400);

  /** Beyond the round trip; a dozen of these are waited for where long packets are lost. */
  private static final Duration SEARCH_TIMEOUT = Duration.ofMillis(50);

  /** What every IPv4 host takes, bytes (RFC 791). */
  private static final int ALWAYS = 68;

  private static final int SMALL = 56;

  private UnderlayCheck() {}

  /** Whether at an address of the join list there is a member. */
  static Finding join(HostPort at, List<Member> others, Optional<Member> ours) {
    Optional<Member> member =
        Stream.concat(others.stream(), ours.stream()).filter(m -> isAt(m, at.host())).findFirst();
    // Several nodes may have one address: the port tells whether its node is there.
    Optional<String> refused = refused(at);
    if (refused.isPresent()) {
      return Finding.problem(
          "join",
          at + " does not answer: " + refused.get(),
          "start the node there, open its cluster.port, or correct cluster.join");
    }
    return member.isPresent()
        ? Finding.ok("join", at + " answers, where node " + member.get().name() + " is")
        : Finding.problem(
            "join",
            "who listens at " + at + " is no member",
            "it has another cluster.name, or is no node; see its log");
  }

  private static boolean isAt(Member member, String host) {
    return Stream.of(member.grpc(), member.bus())
        .filter(at -> at != null)
        .flatMap(at -> HostPort.parse(at, 0).stream())
        .anyMatch(at -> at.host().equals(host));
  }

  /** Whether a member's port for wires can be reached, and with packets of which size. */
  static List<Finding> way(String name, HostPort grpc) throws IOException {
    List<Finding> found = new ArrayList<>();
    found.add(
        refused(grpc)
            .map(
                why ->
                    Finding.problem(
                        "port",
                        "node " + name + " at " + grpc + " does not answer: " + why,
                        "open its grpc.port in firewalls, or correct its grpc.host"))
            .orElseGet(() -> Finding.ok("port", "node " + name + " answers at " + grpc)));
    mtu(name, InetAddress.getByName(grpc.host())).ifPresent(found::add);
    return found;
  }

  /** Empty if somebody answers. */
  private static Optional<String> refused(HostPort at) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(at.host(), at.port()), (int) TIMEOUT.toMillis());
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(Reason.of(e));
    }
  }

  /** Empty where it cannot be measured: without raw sockets, or if echo requests are dropped. */
  private static Optional<Finding> mtu(String name, InetAddress address) throws IOException {
    int mtu = deviceTo(address);
    int longest;
    try (Netns here = Netns.current()) {
      Optional<Duration> roundTrip = IcmpEcho.ping(here, address, SMALL, false, TIMEOUT);
      if (mtu <= 0 || roundTrip.isEmpty()) {
        return Optional.empty();
      }
      if (passes(here, address, mtu, TIMEOUT)) {
        return Optional.of(Finding.ok("mtu", "packets of " + mtu + " bytes reach node " + name));
      }
      longest = longest(here, address, mtu, SEARCH_TIMEOUT.plus(roundTrip.get()));
    } catch (LinuxException withoutPrivilege) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.problem(
            "mtu",
            "packets of %d bytes, the device's MTU, do not reach node %s; those of %d bytes do"
                .formatted(mtu, name, longest),
            "set the MTU of both hosts' devices to what the network between them carries, "
                + longest
                + "; pods' packets over VXLAN are lost otherwise"));
  }

  /** The longest packet that passes, between a short one, which does, and one that does not. */
  private static int longest(Netns here, InetAddress address, int tooLong, Duration timeout) {
    int passes = ALWAYS;
    int fails = tooLong;
    while (fails - passes > 1) {
      int middle = (passes + fails) / 2;
      if (passes(here, address, middle, timeout)) {
        passes = middle;
      } else {
        fails = middle;
      }
    }
    return passes;
  }

  private static boolean passes(Netns here, InetAddress address, int bytes, Duration timeout) {
    try {
      int payload = IcmpEcho.payload(address, bytes);
      return IcmpEcho.ping(here, address, payload, true, timeout).isPresent();
    } catch (LinuxException tooLong) {
      return false;
    }
  }

  /** MTU of the device that leads there; 0 if there is none, or if it is this host itself. */
  private static int deviceTo(InetAddress address) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(address, 9);
      NetworkInterface device = NetworkInterface.getByInetAddress(socket.getLocalAddress());
      return device == null || device.isLoopback() ? 0 : device.getMTU();
    } catch (UncheckedIOException unreachable) {
      return 0;
    }
  }
}

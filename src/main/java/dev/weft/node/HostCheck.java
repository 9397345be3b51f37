package dev.weft.node;

import dev.weft.api.Doctor.Finding;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.linux.KernelVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What this host lets the process do. */
final class HostCheck {
  private static final Path TUN = Path.of("/dev/net/tun");
  private static final Path IPV6 = Path.of("/proc/sys/net/ipv6");

  private HostCheck() {}

  static List<Finding> capabilities() throws IOException {
    Set<Capability> effective = Capabilities.effective();
    // Ports below 1024 are asked for by few; without the other, changes in pods are seen later.
    Set<Capability> needless =
        Set.of(Capability.CAP_NET_BIND_SERVICE, Capability.CAP_NET_BROADCAST);
    String lacking =
        Arrays.stream(Capability.values())
            .filter(c -> !effective.contains(c) && !needless.contains(c))
            .map(Enum::name)
            .collect(Collectors.joining(", "));
    return List.of(
        lacking.isEmpty()
            ? Finding.ok("capabilities", "the process has those that it uses")
            : Finding.problem(
                "capabilities",
                "the process lacks " + lacking,
                "run it as root, or as deploy/weft.service does"));
  }

  static List<Finding> kernel() {
    List<Finding> found = new ArrayList<>();
    String release = "Linux " + System.getProperty("os.version");
    found.add(
        KernelVersion.hasUdpSegmentation()
            ? Finding.ok("kernel", release + " takes runs of datagrams as one packet")
            : Finding.warning(
                "kernel",
                release + " takes datagrams one by one (expected: Linux 6.2 or later)",
                "UDP over wires is slower; nothing else differs"));
    found.add(
        Files.exists(TUN)
            ? Finding.ok("kernel", TUN + " is there, for tunnels to outposts")
            : Finding.warning(
                "kernel",
                TUN + " is not there",
                "modprobe tun, or give it to the container; tunnels to outposts need it"));
    found.add(
        Files.exists(IPV6)
            ? Finding.ok("kernel", "IPv6 is on")
            : Finding.warning("kernel", "IPv6 is off", "pods get no IPv6 addresses"));
    return found;
  }
}

package dev.weft.subnet;

import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.WireguardDevice;
import dev.weft.linux.WireguardKey;
import dev.weft.linux.WireguardPeer;
import dev.weft.net.WireguardDevices;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * WireGuard devices that are wireguard-go's, configured by wg(8), where the kernel has none. The
 * program's sockets have the devices' names, so each namespace needs a directory of its own for
 * them.
 */
final class GoDevices implements WireguardDevices {
  private final Path directory;
  private final TestNetns netns;
  private final Netlink netlink;
  private final Process holder;

  GoDevices(Path directory, TestNetns netns) throws IOException {
    this.directory = Files.createDirectories(directory);
    this.netns = netns;
    try (var open = netns.open()) {
      this.netlink = Netlink.open(open);
    }
    this.holder =
        netns.start(
            directory.resolve("holder.log").toFile(),
            "unshare",
            "-m",
            "sh",
            "-c",
            "mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard && echo ready"
                + " && exec sleep 600");
  }

  private List<String> inside(String... command) {
    return Stream.concat(
            Stream.of("nsenter", "-t", Long.toString(holder.pid()), "-m", "-n"),
            Arrays.stream(command))
        .toList();
  }

  /** What a command prints; empty if it fails. */
  private Optional<String> run(String input, String... command) {
    try {
      Process process = new ProcessBuilder(inside(command)).redirectErrorStream(true).start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? Optional.of(output) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void must(String input, String... command) {
    if (run(input, command).isEmpty()) {
      throw new IllegalStateException(String.join(" ", command) + " failed");
    }
  }

  @Override
  public Link create(String name, int mtu) throws LinuxException {
    try {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> Files.readString(directory.resolve("holder.log")).contains("ready"));
      netns.start(
          directory.resolve(name + ".log").toFile(),
          "nsenter",
          "-t",
          Long.toString(holder.pid()),
          "-m",
          "wireguard-go",
          "-f",
          name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> get(name).isPresent() && netlink.link(name).isPresent());
    Link made = netlink.require(name);
    netlink.setMtu(made.index(), mtu);
    return netlink.require(name);
  }

  @Override
  public Optional<WireguardDevice> get(String name) {
    return run("", "wg", "show", name, "dump").map(GoDevices::parse);
  }

  /** Of {@code wg show NAME dump}. */
  private static WireguardDevice parse(String dump) {
    List<String> lines = dump.lines().toList();
    String[] own = lines.get(0).split("\t", -1);
    List<WireguardPeer> peers = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] peer = line.split("\t", -1);
      Optional<HostPort> at = HostPort.parse(peer[2], 0).filter(h -> !peer[2].equals("(none)"));
      peers.add(
          new WireguardPeer(
              WireguardKey.find(peer[0]).orElseThrow(),
              at.map(h -> IpAddress.parse(h.host())).orElse(null),
              at.map(HostPort::port).orElse(0),
              peer[7].equals("off") ? 0 : Integer.parseInt(peer[7]),
              peer[3].equals("(none)")
                  ? List.of()
                  : Arrays.stream(peer[3].split(",", -1)).map(Cidr::parse).toList(),
              Long.parseLong(peer[4])));
    }
    return new WireguardDevice(
        WireguardKey.find(own[0]), WireguardKey.find(own[1]), Integer.parseInt(own[2]), peers);
  }

  @Override
  public void setOwn(String name, WireguardKey secret, int port) {
    must(
        secret.base64(),
        "wg",
        "set",
        name,
        "private-key",
        "/dev/stdin",
        "listen-port",
        Integer.toString(port));
  }

  @Override
  public void setPeers(String name, List<WireguardPeer> peers) {
    for (WireguardPeer peer : peers) {
      must(
          "",
          "wg",
          "set",
          name,
          "peer",
          peer.key().base64(),
          "endpoint",
          IpAddress.format(peer.endpoint()) + ":" + peer.port(),
          "persistent-keepalive",
          Integer.toString(peer.keepalive()),
          "allowed-ips",
          String.join(",", peer.allowed().stream().map(Cidr::toString).toList()));
    }
  }

  @Override
  public void removePeers(String name, List<WireguardKey> keys) {
    for (WireguardKey key : keys) {
      must("", "wg", "set", name, "peer", key.base64(), "remove");
    }
  }

  /** The devices outlive a node, as the kernel's do. */
  @Override
  public void close() {}

  void end() {
    netlink.close();
  }
}

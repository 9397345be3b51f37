package dev.weft.node;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Reason;
import dev.weft.config.ConfigException;
import dev.weft.config.ListenAddress;
import dev.weft.config.MeshConfig;
import dev.weft.config.WeftConfig;
import dev.weft.identity.Identity;
import dev.weft.store.DataDirectory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What of a configuration this host refuses, found without starting a node or leaving a trace. */
public final class Preflight {
  private Preflight() {}

  /** Every reason for which a node would not start, a line each. */
  public static List<String> problems(WeftConfig config, Clock clock) {
    return problems(config, clock, true);
  }

  /**
   * @param data whether node.data is what the file says
   */
  private static List<String> problems(WeftConfig config, Clock clock, boolean data) {
    List<String> problems = new ArrayList<>();
    if (data) {
      dataDirectory(config.node().data(), problems);
    }
    Identity.problems(config.security(), clock).forEach(e -> problems.add(e.getMessage()));
    hosts(config).forEach((path, host) -> address(path, host, problems));
    return problems;
  }

  /** What is wrong with a file, and with what the rest of it names, a line each. */
  public static List<String> problems(ConfigException file, Clock clock) {
    return Stream.concat(
            file.getMessage().lines(),
            file.rest().stream()
                .flatMap(rest -> problems(rest, clock, file.isSound("node.data")).stream()))
        .toList();
  }

  /** As far as there is one yet. */
  private static void dataDirectory(Path data, List<String> problems) {
    Path there = data.toAbsolutePath();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    try {
      long free = DataDirectory.free(there);
      if (free < DataDirectory.LEAST_FREE) {
        problems.add(
            "node.data: %s: %d KiB free on its disk (expected: %d MiB or more)"
                .formatted(data, free >> 10, DataDirectory.LEAST_FREE >> 20));
      }
      Files.delete(Files.createTempFile(there, ".weft", ""));
    } catch (IOException e) {
      problems.add(
          "node.data: %s: %s (expected: a directory that can be made and written)"
              .formatted(data, withoutFile(e)));
    }
  }

  /** Without the name of the file that was tried. */
  private static String withoutFile(IOException e) {
    String why = Reason.of(e);
    return e instanceof FileSystemException file ? why.replace(file.getFile() + ": ", "") : why;
  }

  /** Each key's address once. */
  private static Map<String, String> hosts(WeftConfig config) {
    Map<String, String> hosts = new LinkedHashMap<>();
    ListenAddress.of(config).forEach(l -> hosts.putIfAbsent(l.hostPath(), l.at().host()));
    config.mesh().listen().stream()
        .flatMap((MeshConfig.LinkAddress at) -> at.hostPort().stream())
        .map(HostPort::host)
        .forEach(host -> hosts.putIfAbsent("mesh.listen", host));
    hosts.values().removeIf(IpAddress::isWildcard);
    return hosts;
  }

  private static void address(String path, String host, List<String> problems) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
    } catch (IOException e) {
      problems.add(
          "%s: %s: %s (expected: an address of this host)".formatted(path, host, Reason.of(e)));
    }
  }
}

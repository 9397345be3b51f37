package dev.weft.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The node's name for people, and its data directory.
 *
 * @param name shown in lists and certificates; not an identity
 * @param data directory, created if missing; one node at a time uses it
 */
public record NodeConfig(String name, Path data) {
  // sethostname(2) in this process's UTS namespace; unlike InetAddress.getLocalHost it asks no DNS.
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  static NodeConfig read(Section s) {
    Optional<String> given = s.read("name", "", Kind.NAME.orNone());
    String name = given.orElseGet(NodeConfig::hostName);
    if (Kind.NAME.parse(name).isEmpty()) {
      s.problem("name", name, Kind.NAME.expected() + "; the host's name is not, so give another");
    }
    NodeConfig node = new NodeConfig(name, s.read("data", "./data", Kind.PATH));
    s.end();
    return node;
  }

  private static String hostName() {
    try {
      return Files.readString(HOST_NAME).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

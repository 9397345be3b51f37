package dev.weft.api;

import dev.weft.bus.Digest;
import dev.weft.bus.Fault;
import dev.weft.telemetry.Health;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Bearer tokens, one a line; the file is read again when it has changed. */
final class TokenFile {
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final Path path;
  private final Health health;
  private Map<String, Object> version = Map.of();
  private List<byte[]> digests = List.of();

  /** INVALID if the file cannot be read or holds no token. */
  TokenFile(Path path, Health health) {
    this.path = path;
    this.health = health;
    try {
      refresh();
    } catch (IOException e) {
      throw Fault.INVALID.because(path + ": not readable (expected: a file of tokens)", e);
    }
    if (digests.isEmpty()) {
      throw Fault.invalid(path.toString(), "empty", "one token a line");
    }
  }

  /** Whether the file holds this token now; a file that cannot be read holds none. */
  boolean holds(String token) {
    try {
      refresh();
    } catch (IOException e) {
      version = Map.of();
      digests = List.of();
      health.raise(
          new Health.Warning(
              "api",
              code("unreadable"),
              path + " cannot be read",
              "nobody can call the API with a token of this file",
              "restore the file; it is read again by itself"));
    }
    byte[] digest = Digest.of(token);
    boolean held = false;
    for (byte[] known : digests) {
      // No early end: the time must not tell which token came close.
      held |= MessageDigest.isEqual(known, digest);
    }
    return held;
  }

  private void refresh() throws IOException {
    Map<String, Object> now = Files.readAttributes(path, "unix:ino,size,ctime");
    if (now.equals(version)) {
      return;
    }
    digests =
        Files.readAllLines(path).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .map(Digest::of)
            .toList();
    version = now;
    health.clear("api", code("unreadable"));
    health.show(
        Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS::contains),
        new Health.Warning(
            "api",
            code("mode"),
            path + " can be read or written by others than its owner and group",
            "any user of this host may drive the node",
            "chmod 640 " + path));
  }

  private String code(String what) {
    return "token-file-" + what + ":" + path.getFileName();
  }
}

package dev.weft.linux;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The network namespaces of a host: those of its processes, and those that have a name. */
public final class LiveNetns {
  private static final Path PROC = Path.of("/proc");
  private static final Path FIRST = PROC.resolve("1");

  /** PROC_PID_INIT_INO, include/linux/proc_ns.h: who is in another one sees only a part. */
  private static final String ALL_PROCESSES = "pid:[4026531836]";

  /** By inode number, a path of each; a number is one namespace's at a time. */
  private final Map<String, Path> found = new HashMap<>();

  private final Set<String> mounts = new HashSet<>();

  private LiveNetns() {}

  /**
   * Their cookies, see {@link Netns#cookie}; empty if this process may not see all of them, as in a
   * container. One that only an open descriptor keeps alive is not among them.
   */
  public static Optional<Set<Long>> cookies() {
    try {
      if (!link(PROC.resolve("self/ns/pid")).equals(ALL_PROCESSES)) {
        return Optional.empty();
      }
      LiveNetns all = new LiveNetns();
      try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
        for (Path process : processes) {
          all.add(process);
        }
      }
      return Optional.of(all.opened());
    } catch (IOException denied) {
      return Optional.empty();
    }
  }

  private void add(Path process) throws IOException {
    try {
      found.putIfAbsent(link(process.resolve("ns/net")), process.resolve("ns/net"));
      if (mounts.add(link(process.resolve("ns/mnt")))) {
        for (MountTable.Entry mount : MountTable.of(process.getFileName().toString()).entries()) {
          if (mount.root().startsWith("net:[")) {
            Path point = process.resolve("root").resolve(mount.point().toString().substring(1));
            found.putIfAbsent(mount.root(), point);
          }
        }
      }
    } catch (NoSuchFileException ended) {
      // It has no namespaces any more.
    } catch (AccessDeniedException e) {
      // The host's first process may be guarded; the kernel's threads have its namespace.
      if (!process.equals(FIRST)) {
        throw e;
      }
    }
  }

  private Set<Long> opened() throws IOException {
    Set<Long> cookies = new HashSet<>();
    for (Path path : found.values()) {
      try {
        cookies.add(Netns.cookieOf(path.toString()));
      } catch (LinuxException e) {
        // Gone meanwhile, or another file system stands over the name.
        if (!e.is(Errno.ENOENT) && !e.is(Errno.EINVAL)) {
          throw e;
        }
      }
    }
    return cookies;
  }

  private static String link(Path path) throws IOException {
    return Files.readSymbolicLink(path).toString();
  }
}

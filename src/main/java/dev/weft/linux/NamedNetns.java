package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Namespaces with a name, kept by a bind mount under /run/netns as ip-netns(8) does. */
final class NamedNetns {
  private static final Path DIRECTORY = Path.of("/run/netns");
  private static final int MS_BIND = 0x1000;
  private static final int MS_REC = 0x4000;
  private static final int MS_SHARED = 0x100000;
  private static final int MNT_DETACH = 2;
  private static final int LOCK_EX = 2;

  private NamedNetns() {}

  static Path path(String name) throws LinuxException {
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || name.startsWith("pid:")
        || name.chars().anyMatch(c -> c == '/' || c == 0)) {
      throw new LinuxException(
          "netns: " + name + " (expected: a path, a name under " + DIRECTORY + ", pid:N, or host)",
          Errno.EINVAL);
    }
    return DIRECTORY.resolve(name);
  }

  /** Why a name made here ends with this process, if it does. */
  static Optional<String> fleeting() throws IOException {
    return NetnsHome.of(DIRECTORY).fleeting();
  }

  static void create(String name) throws IOException {
    String path = path(name).toString();
    try {
      NetnsHome.of(DIRECTORY).call(name, () -> create(name, path));
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** On a thread of its own, which stays in the new namespace until it ends. */
  private static Void create(String name, String path) throws IOException {
    String what = "create netns " + name;
    share();
    int file = JNR.open(path, LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0);
    JNR.close(check(file, what));
    try {
      check(C.unshare(LibC.CLONE_NEWNET), what);
      try (Netlink netlink = Netlink.open()) {
        netlink.setUp(netlink.require("lo").index());
      }
      check(C.mount("/proc/thread-self/ns/net", path, "none", MS_BIND, 0), what);
      return null;
    } catch (LinuxException e) {
      JNR.unlink(path);
      throw e;
    }
  }

  /**
   * Makes /run/netns a shared mount, so that a namespace mounted here is seen, and its unmounting
   * too, in every mount namespace of the host. Locked as iproute2 does.
   */
  private static void share() throws IOException {
    Files.createDirectories(
        DIRECTORY,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    String directory = DIRECTORY.toString();
    String what = "share " + directory;
    try (Descriptor lock = new Descriptor(check(JNR.open(directory, LibC.O_CLOEXEC, 0), what))) {
      check(JNR.flock(lock.fd(), LOCK_EX), what);
      if (C.mount("", directory, "none", MS_SHARED | MS_REC, 0) < 0) {
        check(C.mount(directory, directory, "none", MS_BIND | MS_REC, 0), what);
        check(C.mount("", directory, "none", MS_SHARED | MS_REC, 0), what);
      }
    }
  }

  static void delete(String name) throws LinuxException {
    String path = path(name).toString();
    // Fails for a file without a mount, left by a creation that was cut short: only unlink it.
    C.umount2(path, MNT_DETACH);
    check(JNR.unlink(path), "delete netns " + name);
  }

  static List<String> list() throws IOException {
    if (!Files.isDirectory(DIRECTORY)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(DIRECTORY)) {
      return entries.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.weft.linux;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import jnr.unixsocket.Credentials;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/**
 * The file of a listening Unix socket, mode 0600. The socket is bound in a directory that only its
 * owner may enter and moved into place once its mode is set, so that at no moment another user can
 * connect. A socket that nobody answers on is replaced; any other file is never touched.
 */
public final class SocketFile {
  /** sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)). */
  public static final int MAX_PATH = 107;

  private static final int FILE_TYPE = 0170000;
  private static final int SOCKET = 0140000;
  private static final String BOUND = "s";
  private static final String UNKNOWN = "unknown";

  private SocketFile() {}

  /** What is at a path. */
  public enum Occupant {
    NOTHING,
    /** A socket that nobody answers on. */
    STALE,
    /** A socket that somebody answers on. */
    SERVED,
    /** Not a socket. */
    OTHER_FILE
  }

  /** Examines a path without waiting; does not follow symbolic links. */
  public static Occupant occupant(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return Occupant.NOTHING;
    }
    if (!isSocket(path)) {
      return Occupant.OTHER_FILE;
    }
    return isServed(path) ? Occupant.SERVED : Occupant.STALE;
  }

  /** Whether the path itself, not what a link there points to, is a socket. */
  public static boolean isSocket(Path path) throws IOException {
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return (mode & FILE_TYPE) == SOCKET;
  }

  /** User id of the file's owner, links not followed. */
  public static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Whether a program listens there, even if it is too busy to accept.
   *
   * @throws IOException if this process cannot know, for want of descriptors
   */
  public static boolean isServed(Path path) throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false);
      return isServed(path, probe);
    }
  }

  private static boolean isServed(Path path, SocketChannel probe) {
    try {
      probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (IOException | IllegalArgumentException nobodyAnswers) {
      return false;
    }
  }

  /**
   * Whether it is this process that listens there, as far as that can be told: a server that is too
   * busy to accept is taken for another.
   */
  public static boolean isOurs(Path path) {
    try (UnixSocketChannel probe = UnixSocketChannel.create()) {
      probe.configureBlocking(false);
      return probe.connect(new UnixSocketAddress(path.toFile()))
          && probe.getOption(UnixSocketOptions.SO_PEERCRED).getPid()
              == ProcessHandle.current().pid();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The process that listens there, according to the kernel (SO_PEERCRED, unix(7)).
   *
   * @return {@code uid 0 pid 4711}; the pid is 0 for a process of a PID namespace that this process
   *     does not see; {@code unknown} if it is too busy to accept or gone
   */
  public static String server(Path path) {
    try (UnixSocketChannel probe = UnixSocketChannel.create()) {
      probe.configureBlocking(false);
      if (!probe.connect(new UnixSocketAddress(path.toFile()))) {
        return UNKNOWN;
      }
      Credentials server = probe.getOption(UnixSocketOptions.SO_PEERCRED);
      return "uid " + server.getUid() + " pid " + server.getPid();
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /**
   * Creates a directory, mode 0700, in which the socket is bound as {@link #bound}.
   *
   * @param path where the socket will be
   * @param parent where the directory is created, on the same file system
   * @throws IllegalArgumentException if a path is too long for a socket
   */
  public static Path nursery(Path path, Path parent) throws IOException {
    Path nursery =
        Files.createTempDirectory(
            parent,
            ".weft",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    int longest = Math.max(bytes(bound(nursery)), bytes(path));
    if (longest > MAX_PATH) {
      Files.delete(nursery);
      int spare = longest - bytes(path);
      throw new IllegalArgumentException(
          path + " (expected: at most " + (MAX_PATH - spare) + " bytes)");
    }
    return nursery;
  }

  /** The path in the nursery at which to bind. */
  public static Path bound(Path nursery) {
    return nursery.resolve(BOUND);
  }

  /** Sets the bound socket's mode and moves it to its path, in place of a former file. */
  public static void publish(Path nursery, Path path) throws IOException {
    Files.setPosixFilePermissions(bound(nursery), PosixFilePermissions.fromString("rw-------"));
    Files.move(
        bound(nursery), path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Removes the nursery, with or without a socket in it. */
  public static void discard(Path nursery) throws IOException {
    Files.deleteIfExists(bound(nursery));
    Files.deleteIfExists(nursery);
  }

  /** Length of a path as the kernel counts it. */
  public static int bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }
}

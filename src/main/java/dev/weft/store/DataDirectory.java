package dev.weft.store;

import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.bus.WeftException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** A node's data directory, locked by one node until it is closed or the process ends. */
public final class DataDirectory implements AutoCloseable {
  /** Free bytes that a node needs at least: for what it remembers, and libraries it unpacks. */
  public static final long LEAST_FREE = 16 << 20;

  private final Path path;
  private final FileLock lock;

  private DataDirectory(Path path, FileLock lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Locks the directory; creates it if it is missing, readable by its owner alone.
   *
   * @throws WeftException CONFLICT if another node, of this process or another, has locked it;
   *     INTERNAL if it cannot be created or written
   */
  public static DataDirectory lock(Path path) {
    try {
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path file = path.resolve("lock");
      Optional<FileLock> lock = LockFile.take(file);
      if (lock.isEmpty()) {
        String holder = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        throw Fault.CONFLICT.because(
            "data directory "
                + path
                + ": held by process "
                + holder
                + " (expected: a directory of its own, another node runs there)");
      }
      FileChannel channel = lock.get().channel();
      try {
        String pid = ProcessHandle.current().pid() + "\n";
        channel.truncate(0).write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
        return new DataDirectory(path, lock.get());
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw Fault.INTERNAL.because(
          "data directory " + path + ": cannot be used: " + Reason.of(e), e);
    }
  }

  public Path path() {
    return path;
  }

  /**
   * Bytes that this process can still write to the disk with a directory, which is there; root also
   * has what is kept for root. {@link Long#MAX_VALUE} if the file system does not tell.
   */
  public static long free(Path directory) {
    File disk = directory.toFile();
    if (disk.getTotalSpace() == 0) {
      return Long.MAX_VALUE;
    }
    return System.getProperty("user.name").equals("root")
        ? disk.getFreeSpace()
        : disk.getUsableSpace();
  }

  /**
   * A directory for what only this run of the node needs, such as libraries that are unpacked. What
   * earlier runs have left there is removed, since a node that is killed removes nothing.
   *
   * @throws WeftException INTERNAL if it cannot be made or emptied
   */
  public Path scratch() {
    Path scratch = path.resolve("scratch");
    try {
      Files.createDirectories(scratch);
      try (Stream<Path> left = Files.walk(scratch)) {
        for (Path file : left.sorted(Comparator.reverseOrder()).toList()) {
          if (!file.equals(scratch)) {
            Files.delete(file);
          }
        }
      }
      return scratch;
    } catch (IOException e) {
      throw Fault.INTERNAL.because(
          "data directory " + path + ": cannot be used: " + Reason.of(e), e);
    }
  }

  /** Releases the directory's lock. */
  @Override
  public void close() {
    try {
      lock.channel().close();
    } catch (IOException e) {
      throw Fault.INTERNAL.because("data directory " + path + ": " + Reason.of(e), e);
    }
  }
}

package dev.weft.store;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** A node's data directory, locked by one node until it is closed or the process ends. */
public final class DataDirectory implements AutoCloseable {
  private static final int PID_DIGITS = 20;

  private final Path path;
  private final FileChannel lockFile;

  private DataDirectory(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
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
      FileChannel channel =
          FileChannel.open(
              path.resolve("lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      try {
        if (!isTaken(channel)) {
          String pid = ProcessHandle.current().pid() + "\n";
          channel.truncate(0).write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
          return new DataDirectory(path, channel);
        }
        String holder = holder(channel);
        channel.close();
        throw Fault.CONFLICT.because(
            "data directory "
                + path
                + ": held by process "
                + holder
                + " (expected: a directory of its own, another node runs there)");
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw Fault.INTERNAL.because("data directory " + path + ": cannot be used: " + e, e);
    }
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock == null;
    } catch (OverlappingFileLockException byThisProcess) {
      return true;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(PID_DIGITS);
    channel.read(pid, 0);
    return StandardCharsets.US_ASCII.decode(pid.flip()).toString().strip();
  }

  public Path path() {
    return path;
  }

  /** Releases the directory's lock. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw Fault.INTERNAL.because("data directory " + path + ": " + e.getMessage(), e);
    }
  }
}

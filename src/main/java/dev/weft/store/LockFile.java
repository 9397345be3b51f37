package dev.weft.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Files that one holder at a time has locked. */
public final class LockFile {
  private LockFile() {}

  /**
   * Locks a file, which is created if it is missing, until the lock's channel is closed or the
   * process ends; empty if another holder, of this process or another, has locked it.
   */
  public static Optional<FileLock> take(Path path) throws IOException {
    return take(path, 0, Long.MAX_VALUE);
  }

  /**
   * As {@link #take(Path)}, of one byte of the file, which need not have it: a file for any number
   * of holders, of which those with the same number exclude each other. For one holder in a process
   * at a time: as soon as one of a process's channels to a file is closed, the process has none of
   * its locks any more (POSIX).
   *
   * @param number not negative
   */
  public static Optional<FileLock> take(Path path, long number) throws IOException {
    return take(path, number, 1);
  }

  private static Optional<FileLock> take(Path path, long from, long size) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock taken = null;
    try {
      taken = channel.tryLock(from, size, false);
    } catch (OverlappingFileLockException byThisProcess) {
      // A second holder in one process gets no lock, as with two processes.
      taken = null;
    } finally {
      if (taken == null) {
        channel.close();
      }
    }
    return Optional.ofNullable(taken);
  }
}

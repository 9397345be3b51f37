package dev.weft.subnet;

import dev.weft.bus.Fault;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Ensures that one node alone keeps the routes of a namespace; ends with the process. */
final class NetnsLock implements AutoCloseable {
  private static final Path DIRECTORY = Path.of("/run/weft");

  private final FileChannel channel;

  private NetnsLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes the lock of a namespace; CONFLICT if another node has it. */
  static NetnsLock take(Netns netns) throws IOException {
    Files.createDirectories(DIRECTORY);
    Path file = DIRECTORY.resolve("subnet-" + netns.inode() + ".lock");
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock taken = null;
    try {
      taken = channel.tryLock();
    } catch (OverlappingFileLockException byThisProcess) {
      // Two nodes in one process: the second gets no lock, as with two processes.
      taken = null;
    } finally {
      if (taken == null) {
        channel.close();
      }
    }
    if (taken == null) {
      throw Fault.CONFLICT.because(
          "another node keeps the routes of this network namespace, lock "
              + file
              + " (expected: one node in each namespace)");
    }
    return new NetnsLock(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

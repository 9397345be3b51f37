package dev.weft.cli.demo;

import dev.weft.bus.Fault;
import dev.weft.store.LockFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a demo keeps its files. One demo at a time: the lock says so, also to other processes.
 *
 * @param held until the process ends
 */
record DemoDirectory(FileLock held) {
  private static final Path ROOT = Path.of("/run/weft-demo");
  private static final Path LOCK = Path.of("/run/weft-demo.lock");

  /** CONFLICT while another demo is starting, running in the foreground or being stopped. */
  static DemoDirectory lock() {
    try {
      return LockFile.take(LOCK)
          .map(DemoDirectory::new)
          .orElseThrow(
              () ->
                  Fault.CONFLICT.because(
                      "another demo is running on this host (expected: one at a time; end it with"
                          + " Ctrl-C in its terminal)"));
    } catch (IOException e) {
      throw Fault.INTERNAL.because(LOCK + ": " + e.getMessage(), e);
    }
  }

  Path root() {
    return ROOT;
  }

  Path node(String name) {
    return ROOT.resolve(name);
  }

  void create() throws IOException {
    Files.createDirectories(
        ROOT, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Process ids of a demo's processes, also of one that was killed. */
  List<Long> pids() throws IOException {
    return files("pid").stream().map(DemoDirectory::readPid).toList();
  }

  private static long readPid(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (NumberFormatException | IOException e) {
      // Half-written by a demo that was killed: no process of that number was started.
      return -1;
    }
  }

  /** Notes a node's id, whose namespace outlives the node. */
  void rememberNodeId(String name, String id) throws IOException {
    Files.writeString(ROOT.resolve(name).resolve("id"), id + "\n");
  }

  /** Ids of the nodes of a demo, also of one that was killed. */
  List<String> nodeIds() throws IOException {
    List<String> ids = new ArrayList<>();
    for (Path file : files("id")) {
      ids.add(Files.readString(file).strip());
    }
    return ids;
  }

  private static List<Path> files(String name) throws IOException {
    if (!Files.isDirectory(ROOT)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(ROOT, 2)) {
      return files.filter(f -> f.getFileName().toString().equals(name)).toList();
    }
  }

  void delete() throws IOException {
    if (!Files.isDirectory(ROOT)) {
      return;
    }
    try (Stream<Path> files = Files.walk(ROOT)) {
      files.sorted(Comparator.reverseOrder()).forEach(DemoDirectory::deleteFile);
    }
  }

  private static void deleteFile(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

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
 * Where a demo keeps its files. One demo of a name at a time: the lock says so, also to other
 * processes.
 *
 * @param held until the process ends
 */
record DemoDirectory(String name, Path root, FileLock held) {
  private static final Path RUN = Path.of("/run");
  private static final String KEPT = "kept";

  /**
   * Takes a demo's directory.
   *
   * @param name of the demo; "" for the one without a name
   * @return CONFLICT while the demo is starting, running in the foreground or being stopped
   */
  static DemoDirectory lock(String name) {
    Path root = path(name);
    Path lock = RUN.resolve(root.getFileName() + ".lock");
    try {
      return LockFile.take(lock)
          .map(held -> new DemoDirectory(name, root, held))
          .orElseThrow(
              () ->
                  Fault.CONFLICT.because(
                      "this demo is running on this host (expected: one of a name at a time; end it"
                          + " with Ctrl-C in its terminal, or give this one a --name)"));
    } catch (IOException e) {
      throw Fault.INTERNAL.because(lock + ": " + e.getMessage(), e);
    }
  }

  /** Where the demo of a name has its files. */
  static Path path(String name) {
    return RUN.resolve("weft-demo" + (name.isEmpty() ? "" : "." + name));
  }

  /** Whether there is a demo, or what is left of one. */
  boolean exists() {
    return Files.isDirectory(root);
  }

  /** The demo outlives its command from now on. */
  void keep() throws IOException {
    Files.createFile(root.resolve(KEPT));
  }

  /** Whether a demo was kept here, and its processes run. */
  boolean isKept() throws IOException {
    return Files.exists(root.resolve(KEPT)) && DemoProcesses.anyRuns(pids(), root);
  }

  Path node(String name) {
    return root.resolve(name);
  }

  void create() throws IOException {
    Files.createDirectories(
        root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
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
    Files.writeString(root.resolve(name).resolve("id"), id + "\n");
  }

  /** Ids of the nodes of a demo, also of one that was killed. */
  List<String> nodeIds() throws IOException {
    List<String> ids = new ArrayList<>();
    for (Path file : files("id")) {
      ids.add(Files.readString(file).strip());
    }
    return ids;
  }

  private List<Path> files(String name) throws IOException {
    if (!exists()) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(root, 2)) {
      return files.filter(f -> f.getFileName().toString().equals(name)).toList();
    }
  }

  void delete() throws IOException {
    if (!exists()) {
      return;
    }
    try (Stream<Path> files = Files.walk(root)) {
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

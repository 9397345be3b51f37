package dev.weft.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Ends the processes of a demo: those of this one, or what a killed one left. */
final class DemoProcesses {
  private static final long TERM_SECONDS = 12;

  private DemoProcesses() {}

  /** Asks each to stop, waits for all, kills who is left. */
  static void end(List<Long> pids, Path root) throws InterruptedException {
    List<ProcessHandle> ours = running(pids, root);
    ours.forEach(ProcessHandle::destroy);
    CompletableFuture<?> all =
        CompletableFuture.allOf(
            ours.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new));
    try {
      all.get(TERM_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      ours.forEach(ProcessHandle::destroyForcibly);
      all.join();
    } catch (ExecutionException e) {
      throw new IllegalStateException("waiting for a process cannot fail", e);
    }
  }

  static boolean anyRuns(List<Long> pids, Path root) {
    return !running(pids, root).isEmpty();
  }

  private static List<ProcessHandle> running(List<Long> pids, Path root) {
    return pids.stream()
        .map(ProcessHandle::of)
        .flatMap(Optional::stream)
        .filter(p -> belongsTo(p.pid(), root))
        .toList();
  }

  /** A process id may be another program's by now: its command line tells. */
  private static boolean belongsTo(long pid, Path root) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline")).contains(root + "/");
    } catch (IOException e) {
      return false;
    }
  }
}

package dev.weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What this process takes of the machine. */
final class Consumption {
  private Consumption() {}

  /** Of all threads, since the start. */
  static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
  }

  /** How many cores are busy with it, measured for a while. */
  static double cores(int seconds) throws InterruptedException {
    long cpu = cpuNanos();
    long begin = System.nanoTime();
    TimeUnit.SECONDS.sleep(seconds);
    return (double) (cpuNanos() - cpu) / (System.nanoTime() - begin);
  }

  /** Memory that is not swapped out, proc(5). */
  static long residentKiB() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return Long.parseLong(
          lines
              .filter(line -> line.startsWith("VmRSS:"))
              .findFirst()
              .orElseThrow()
              .replaceAll("\\D", ""));
    }
  }
}

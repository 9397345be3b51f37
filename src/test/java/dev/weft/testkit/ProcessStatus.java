package dev.weft.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel says of a running process (proc_pid_status(5)).
 *
 * @param residentBytes of memory
 */
public record ProcessStatus(long residentBytes, int threads) {
  public static ProcessStatus of(Process process) throws IOException {
    long kib = 0;
    int threads = 0;
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        kib = number(line);
      } else if (line.startsWith("Threads:")) {
        threads = (int) number(line);
      }
    }
    return new ProcessStatus(kib << 10, threads);
  }

  private static long number(String line) {
    return Long.parseLong(line.replaceAll("\\D", ""));
  }

  public long residentMegabytes() {
    return residentBytes >> 20;
  }
}

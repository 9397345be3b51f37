package dev.weft.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Processor time up to a moment, in seconds.
 *
 * @param processes of some processes
 * @param machine of everything on the machine, the kernel's work and programs that measure too
 */
record Cpu(double processes, double machine) {
  /** USER_HZ, the same on every Linux that Weft runs on. */
  private static final double TICKS = 100;

  /** proc_pid_stat(5), fields 14 and 15; proc_stat(5): all but idle, iowait, steal and guests. */
  static Cpu now(List<Long> pids) throws IOException {
    long processes = 0;
    for (long pid : pids) {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      processes += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
    String all = Files.readAllLines(Path.of("/proc/stat")).get(0);
    long[] times = Arrays.stream(all.split(" +", -1)).skip(1).mapToLong(Long::parseLong).toArray();
    long machine = times[0] + times[1] + times[2] + times[5] + times[6];
    return new Cpu(processes / TICKS, machine / TICKS);
  }

  Cpu since(Cpu before) {
    return new Cpu(processes - before.processes, machine - before.machine);
  }
}

package dev.weft.testkit;

import dev.weft.linux.Netns;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A network namespace with a name of its own, for one test: a field with {@code @AutoClose}, or
 * try-with-resources. Closing ends the programs that were started in it and deletes it; a run that
 * was killed leaves namespaces that the next run's first {@link #create} deletes.
 */
public final class TestNetns implements AutoCloseable {
  private static final String PREFIX = "wt-";
  private static final int COMMAND_SECONDS = 60;

  private final String name;
  private final List<Process> processes = new ArrayList<>();

  private TestNetns(String name) {
    this.name = name;
  }

  /**
   * Makes one.
   *
   * @param label what it stands for; the whole name is {@code wt-<pid>-<label>-<random>}
   */
  public static TestNetns create(String label) {
    String suffix = String.format("%06x", ThreadLocalRandom.current().nextInt(1 << 24));
    String name = PREFIX + ProcessHandle.current().pid() + "-" + label + "-" + suffix;
    try {
      deleteOrphans();
      Netns.create(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new TestNetns(name);
  }

  private static void deleteOrphans() throws IOException {
    for (String other : Netns.list()) {
      if (other.matches(PREFIX + "\\d+-.*")
          && ProcessHandle.of(Long.parseLong(other.split("-", -1)[1])).isEmpty()) {
        Netns.deleteIfExists(other);
      }
    }
  }

  public String name() {
    return name;
  }

  /** Opens it; the caller closes. */
  public Netns open() throws IOException {
    return Netns.open(name);
  }

  /** What a program prints in this namespace; anything but success within a minute fails. */
  public String run(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("weft-run", ".txt");
    try {
      Process process = builder(command).redirectOutput(output.toFile()).start();
      boolean ended = process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS);
      process.destroyForcibly();
      String text = Files.readString(output);
      if (!ended || process.exitValue() != 0) {
        throw new AssertionError(
            String.join(" ", List.of(command).subList(0, Math.min(2, command.length)))
                + (ended ? ": exit " + process.exitValue() : ": no end")
                + "\n"
                + text);
      }
      return text;
    } finally {
      Files.delete(output);
    }
  }

  /** Starts a program here; it is ended with the namespace. Its output goes to a file. */
  public Process start(File output, String... command) throws IOException {
    Process process = builder(command).redirectOutput(output).start();
    processes.add(process);
    return process;
  }

  /**
   * Through {@code ip netns exec}, not on a thread inside: the JDK's thread that awaits the
   * program's end would hold the namespace for a minute.
   */
  private ProcessBuilder builder(String... command) {
    String[] all =
        Stream.concat(Stream.of("ip", "netns", "exec", name), Arrays.stream(command))
            .toArray(String[]::new);
    return new ProcessBuilder(all).redirectErrorStream(true);
  }

  @Override
  public void close() {
    for (Process process : processes) {
      process.destroyForcibly().onExit().join();
    }
    try {
      Netns.deleteIfExists(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

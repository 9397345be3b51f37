package dev.weft.testkit;

import dev.weft.linux.Netns;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** The program as a person starts it: the jar, in a process of its own. */
public final class WeftProcess implements AutoCloseable {
  /** Generous: the machine may be busy with something else. */
  private static final Duration WITHIN = Duration.ofMinutes(3);

  /** The line by which a node says that it is ready. */
  private static final Pattern NODE =
      Pattern.compile("weft: node \\S+ \\((\\p{XDigit}{16})\\) is ready");

  private final Process process;
  private final Path out;
  private final Path err;

  private WeftProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts {@code weft} with these arguments; what it says goes to files in the directory. */
  public static WeftProcess start(Path directory, String... arguments) throws IOException {
    return start(directory, List.of(), arguments);
  }

  /**
   * As {@link #start(Path, String...)}, run by another program.
   *
   * @param wrapper a command that runs the command behind it, as setpriv(1) does
   */
  public static WeftProcess start(Path directory, List<String> wrapper, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(WeftJvm.command(arguments));
    Path out = Files.createTempFile(directory, "weft", ".out");
    Path err = Files.createTempFile(directory, "weft", ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    return new WeftProcess(process, out, err);
  }

  public long pid() {
    return process.pid();
  }

  public String out() throws IOException {
    return Files.readString(out);
  }

  public String err() throws IOException {
    return Files.readString(err);
  }

  /** Waits for a line on standard output; fails at once if the process ends without it. */
  public Matcher awaitLine(Pattern pattern) {
    return Awaitility.await()
        .atMost(WITHIN)
        .until(
            () -> {
              Matcher matcher = pattern.matcher(out());
              if (!matcher.find() && !process.isAlive()) {
                throw new AssertionError("ended with " + process.exitValue() + ": " + err());
              }
              return matcher;
            },
            matcher -> matcher.reset().find());
  }

  /** Waits for the end; its exit code. */
  public int awaitExit() throws InterruptedException, IOException {
    if (!process.waitFor(WITHIN.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("still running after " + WITHIN + ": " + out() + err());
    }
    return process.exitValue();
  }

  /** SIGTERM, then the exit code. */
  public int stop() throws InterruptedException, IOException {
    process.destroy();
    return awaitExit();
  }

  /** Sends a signal by its name without SIG, as HUP. */
  public void signal(String name) throws InterruptedException, IOException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  /** SIGKILL. */
  public void kill() throws InterruptedException, IOException {
    process.destroyForcibly();
    awaitExit();
  }

  /** Resident memory in bytes. */
  public long resident() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid() + "/status"))) {
      String kib = lines.filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
      return Long.parseLong(kib.replaceAll("\\D", "")) << 10;
    }
  }

  /** Ends the process, and deletes the namespace that it made, if it was a node. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Matcher node = NODE.matcher(out());
    if (node.find()) {
      Netns.deleteIfExists("weft-" + node.group(1));
    }
  }
}

package dev.weft.cli.demo;

import dev.weft.bus.Fault;
import dev.weft.cli.ApiClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A demo in user, network and mount namespaces of its own, where it is root and nowhere else. They
 * end with its last process, and with them all that it has made.
 */
final class RootlessDemo {
  private static final List<String> UNSHARE = List.of("unshare", "-Urnm");

  /** The host's /run belongs to root. */
  private static final String PREPARE =
      "mount -t tmpfs tmpfs /run && mkdir /run/netns && exec \"$@\"";

  private static final long LOOK_MILLIS = 200;
  private static final long END_SECONDS = 30;

  private final Path socket;
  private final int port;
  private final PrintWriter out;

  /**
   * @param socket of the first node, as the demo has it
   * @param port of the dashboard wished for; 0 for none
   */
  RootlessDemo(Path socket, int port, PrintWriter out) {
    this.socket = socket;
    this.port = port;
    this.out = out;
  }

  /**
   * Runs {@code weft} with the arguments there, on this process's streams.
   *
   * @return its exit code
   */
  int run(List<String> arguments) throws IOException, InterruptedException {
    probe();
    List<String> command = new ArrayList<>(UNSHARE);
    command.addAll(List.of("sh", "-c", PREPARE, "sh"));
    command.addAll(DemoNode.weft());
    command.addAll(arguments);
    Process demo = new ProcessBuilder(command).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(demo), "weft-demo-end"));
    // The dashboard of a node in there, for a browser out here.
    Path seenFromHere = Path.of("/proc/" + demo.pid() + "/root" + socket);
    while (port > 0 && !demo.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (Files.exists(seenFromHere) && ApiClient.of("unix:" + seenFromHere, null).ready()) {
        try (Forward dashboard = Forward.open(port, seenFromHere)) {
          out.printf("dashboard: http://127.0.0.1:%d  Ctrl-C ends the demo%n", dashboard.port());
          out.flush();
          return demo.waitFor();
        }
      }
    }
    return demo.waitFor();
  }

  private static void probe() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(UNSHARE);
    command.add("true");
    Process probe = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(probe.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (probe.waitFor() != 0) {
      throw Fault.DENIED.because(
          "--rootless: %s (expected: user namespaces for all users, as sysctl".formatted(said)
              + " kernel.unprivileged_userns_clone or user.max_user_namespaces allow them; or:"
              + " sudo ./weft demo)");
    }
  }

  private static void end(Process demo) {
    demo.destroy();
    try {
      if (!demo.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        demo.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

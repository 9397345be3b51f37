package dev.weft.cli.demo;

import dev.weft.bus.Fault;
import dev.weft.cli.ExitCode;
import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import dev.weft.topology.TopologyFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The newcomer's first command. */
@Command(
    name = "demo",
    description = {
      "Run a cluster of real nodes on this host, connect the pods of a topology, and prove it.",
      "Everything lives in namespaces called weft-demo-*, or weft-demo.NAME-*, and is removed at"
          + " the end."
    },
    mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
  private static final int DASHBOARD_PORT = 8080;
  private static final int MAX_NODES = 16;
  private static final String TRIANGLE = "/topologies/triangle.yml";

  @Spec private CommandSpec spec;

  @Option(
      names = "--nodes",
      defaultValue = "3",
      paramLabel = "N",
      description = "how many nodes, 1 to " + MAX_NODES + " (${DEFAULT-VALUE})")
  private int nodes;

  @Option(
      names = "--topology",
      paramLabel = "FILE",
      description = "meshnet Topology objects; a triangle of three pods by default")
  private Path topology;

  @Option(
      names = "--name",
      defaultValue = "",
      paramLabel = "NAME",
      description = "another demo beside one that runs; 1 to 16 letters and digits")
  private String name;

  @Option(names = "--check", description = "end after the table: 0 only if every ping was answered")
  private boolean check;

  @Option(names = "--keep", description = "leave pods and nodes running in the background")
  private boolean keep;

  @Option(names = "--stop", description = "remove a demo that was kept, or left over by a crash")
  private boolean stop;

  @Option(
      names = "--rootless",
      description = "without root: in namespaces of its own, of which nothing outlives the command")
  private boolean rootless;

  /** The process inside of the namespaces of --rootless. */
  @Option(names = "--inside", hidden = true)
  private boolean inside;

  /** The process that keeps the dashboard's port open for a demo that was kept. */
  @Option(names = "--forward", hidden = true)
  private Path forward;

  private volatile boolean kept;

  @Override
  public Integer call() throws Exception {
    if (nodes < 1 || nodes > MAX_NODES) {
      throw Fault.invalid("--nodes", nodes, "1.." + MAX_NODES);
    }
    if (!name.matches("[a-z0-9]{0,16}")) {
      throw Fault.invalid("--name", name, "1 to 16 of a-z and 0-9");
    }
    if (rootless) {
      return rootless();
    }
    if (!Capabilities.effective()
        .containsAll(
            Set.of(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW))) {
      throw Fault.DENIED.because(
          "weft demo makes network namespaces, which needs root: sudo ./weft demo; without root:"
              + " ./weft demo --rootless");
    }
    if (forward != null) {
      return forward();
    }
    String source = topology == null ? "the triangle" : topology.toString();
    String text = read();
    TopologyFile file = TopologyFile.parse(text, source);
    PrintWriter err = spec.commandLine().getErr();
    // Never closed: it is held until this process ends, and its clean-up with it.
    DemoDirectory directory = DemoDirectory.lock(name);
    if (!stop && directory.isKept()) {
      throw Fault.CONFLICT.because(
          "a demo was kept here (expected: none; end it with "
              + stopCommand()
              + ", or give this one a --name)");
    }
    boolean there = directory.exists();
    Demo.clean(directory);
    if (stop) {
      err.println(there ? "the demo is stopped and removed" : "there is no demo to stop");
      return ExitCode.OK;
    }
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> clean(directory, err), "weft-demo-clean"));
    return run(directory, file, text, err);
  }

  private int run(DemoDirectory directory, TopologyFile file, String text, PrintWriter err)
      throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Demo demo = new Demo(directory, nodes, err);
    demo.start();
    demo.apply(file, text);
    DemoReport report = DemoReport.of(demo.awaitLinks(), demo.network());
    report.pingAll(demo.awaitRoutes());
    out.print(report.text());
    out.flush();
    if (keep) {
      int port = DemoForward.start(directory, demo.first().socket());
      directory.keep();
      kept = true;
      out.printf("dashboard: http://127.0.0.1:%d  until: %s%n", port, stopCommand());
    } else if (inside && !check) {
      new CountDownLatch(1).await();
    } else if (!check) {
      try (Forward dashboard = Forward.open(DASHBOARD_PORT, demo.first().socket())) {
        out.printf("dashboard: http://127.0.0.1:%d  Ctrl-C ends the demo%n", dashboard.port());
        out.flush();
        new CountDownLatch(1).await();
      }
    }
    return report.passed() ? ExitCode.OK : ExitCode.FAILED;
  }

  private int rootless() throws IOException, InterruptedException {
    if (keep || stop) {
      throw Fault.INVALID.because(
          "--rootless: not with --keep or --stop, since nothing of it outlives the command");
    }
    List<String> arguments = new ArrayList<>(List.of("demo", "--inside", "--nodes", "" + nodes));
    if (!name.isEmpty()) {
      arguments.addAll(List.of("--name", name));
    }
    if (topology != null) {
      arguments.addAll(List.of("--topology", topology.toAbsolutePath().toString()));
    }
    if (check) {
      arguments.add("--check");
    }
    Path socket = DemoDirectory.path(name).resolve("n1").resolve("http.sock");
    PrintWriter out = spec.commandLine().getOut();
    return new RootlessDemo(socket, check ? 0 : DASHBOARD_PORT, out).run(arguments);
  }

  private String stopCommand() {
    return "weft demo --stop" + (name.isEmpty() ? "" : " --name " + name);
  }

  private void clean(DemoDirectory directory, PrintWriter err) {
    if (kept) {
      return;
    }
    try {
      Demo.clean(directory);
    } catch (IOException | RuntimeException e) {
      err.println("weft: not all of the demo was removed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int forward() throws IOException, InterruptedException {
    try (Forward dashboard = Forward.open(DASHBOARD_PORT, forward)) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(dashboard.port());
      out.flush();
      new CountDownLatch(1).await();
    }
    return ExitCode.OK;
  }

  private String read() throws IOException {
    if (topology != null) {
      try {
        return Files.readString(topology);
      } catch (NoSuchFileException e) {
        throw Fault.invalid("--topology", topology, "a file that is there");
      } catch (CharacterCodingException e) {
        throw Fault.invalid("--topology", topology, "text in UTF-8");
      }
    }
    try (InputStream in = DemoCommand.class.getResourceAsStream(TRIANGLE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}

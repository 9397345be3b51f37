package dev.weft.cli.demo;

import dev.weft.bus.Fault;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Netns;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A real node, in a process and a namespace of its own. */
final class DemoNode {
  private static final int LOG_LINES_SHOWN = 15;

  private final int number;
  private final Path directory;
  private final String netns;
  private Process process;

  DemoNode(int number, Path directory, String netns) {
    this.number = number;
    this.directory = directory;
    this.netns = netns;
  }

  /** From 1. */
  int number() {
    return number;
  }

  String name() {
    return "n" + number;
  }

  /** The API's Unix socket: reachable from the host's namespace too. */
  Path socket() {
    return directory.resolve("http.sock");
  }

  /** Writes certificate and configuration; the node's id is the answer. */
  String prepare(CertificateAuthority ca, int nodes) throws IOException {
    Files.createDirectories(directory);
    String address = DemoNetwork.addressOf(number);
    CertificateAuthority.Issued issued =
        ca.issueNode(directory, name(), List.of(address), CertificateAuthority.DEFAULT_NODE_DAYS);
    String join =
        IntStream.rangeClosed(1, nodes)
            .filter(i -> i != number)
            .mapToObj(DemoNetwork::addressOf)
            .collect(Collectors.joining(", "));
    Files.writeString(
        directory.resolve("weft.yaml"),
        """
        node: { name: %s, data: %s }
        cluster: { name: weft-demo, bind: %s, join: [%s], bus: "%s:0" }
        grpc: { host: %s }
        http: { socket: %s }
        security: { ca: %s, cert: %s, key: %s }
        nsm: { sockets: %s }
        """
            .formatted(
                name(),
                directory.resolve("data"),
                address,
                join,
                address,
                address,
                socket(),
                issued.ca(),
                issued.cert(),
                issued.key(),
                directory.resolve("nsm")));
    return issued.info().nodeId().orElseThrow().value();
  }

  /** Starts the process, its output going to {@code node.log}. */
  void start() throws Exception {
    List<String> command = new ArrayList<>(weft());
    command.addAll(List.of("run", "--conf", directory.resolve("weft.yaml").toString()));
    File log = directory.resolve("node.log").toFile();
    try (Netns entered = Netns.open(netns)) {
      process =
          entered.call(
              () ->
                  new ProcessBuilder(command)
                      .redirectInput(new File("/dev/null"))
                      .redirectErrorStream(true)
                      .redirectOutput(log)
                      .start());
    }
    Files.writeString(directory.resolve("pid"), process.pid() + "\n");
  }

  /** The command line of this program, with the JVM options of this process. */
  static List<String> weft() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    String classPath = System.getProperty("java.class.path");
    if (classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator)) {
      // As the jar: its manifest opens what Hazelcast and native code need.
      command.addAll(List.of("-jar", classPath));
    } else {
      command.addAll(List.of("-cp", classPath, "dev.weft.Weft"));
    }
    return command;
  }

  /** Fails, with the end of its log, if the process has ended. */
  void checkAlive() throws IOException {
    if (!process.isAlive()) {
      List<String> lines = Files.readAllLines(directory.resolve("node.log"));
      throw Fault.INTERNAL.because(
          "node "
              + name()
              + " ended with exit code "
              + process.exitValue()
              + ":\n"
              + String.join(
                  "\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size())));
    }
  }
}

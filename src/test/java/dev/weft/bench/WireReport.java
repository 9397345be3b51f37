package dev.weft.bench;

import dev.weft.bench.WireTable.Column;
import dev.weft.bus.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What {@link WireBench} prints, as README.md and docs/wires.md have it, and its file. */
final class WireReport {
  private static final Path FILE = Path.of("target/wire-bench.json");

  private static final List<Column> OTHERS =
      List.of(
          new Column("RTT p50 ms", "", "idleP50Ms", false, 3),
          new Column("x VXLAN", "", "idleP50Ms", true, 1),
          new Column("p99 ms", "", "idleP99Ms", false, 3),
          new Column("64 B UDP sent, kpps", "", "udpSentKpps", false, 0),
          new Column("read, kpps", "", "udpReadKpps", false, 0),
          new Column("x VXLAN", "", "udpReadKpps", true, 2),
          new Column("lost on the way, %", "", "udpLostPercent", false, 1),
          new Column("at the socket, %", "", "udpUnreadPercent", false, 1),
          new Column("nodes, cores", "", "udpNodeCores", false, 2));

  private final WireTable table;
  private final List<String> controls;

  /**
   * @param controls the congestion controls that TCP was measured with
   */
  WireReport(WireTable table, List<String> controls) {
    this.table = table;
    this.controls = controls;
  }

  /** The short table, then all figures. */
  void print() {
    System.out.printf("%n%s", table.markdown("mode", brief()));
    for (String cc : controls) {
      System.out.printf("%n%s", table.markdown("TCP, " + cc, tcp(cc)));
    }
    System.out.printf("%n%s%n", table.markdown("others", OTHERS));
  }

  private List<Column> brief() {
    List<Column> columns = new ArrayList<>();
    for (String cc : controls) {
      columns.add(new Column("TCP " + cc + ", Gbit/s", cc, "x1Gbps", false, 2));
      columns.add(new Column("x VXLAN", cc, "x1Gbps", true, 2));
    }
    columns.add(new Column("64 B UDP, kpps", "", "udpReadKpps", false, 0));
    columns.add(new Column("x VXLAN", "", "udpReadKpps", true, 2));
    columns.add(new Column("RTT p50 ms", "", "idleP50Ms", false, 3));
    columns.add(new Column("x VXLAN", "", "idleP50Ms", true, 1));
    columns.add(new Column("p99 ms", "", "idleP99Ms", false, 3));
    for (String cc : controls) {
      columns.add(new Column("beside TCP " + cc, cc, "besideP99Ms", false, 2));
    }
    columns.add(new Column("nodes, s/GB", controls.get(0), "nodeSecondsPerGb", false, 2));
    return columns;
  }

  private static List<Column> tcp(String cc) {
    return List.of(
        new Column("x1 Gbit/s", cc, "x1Gbps", false, 2),
        new Column("x VXLAN", cc, "x1Gbps", true, 2),
        new Column("retransmits", cc, "x1Retransmits", false, 0),
        new Column("x4 Gbit/s", cc, "x4Gbps", false, 2),
        new Column("x VXLAN", cc, "x4Gbps", true, 2),
        new Column("retransmits", cc, "x4Retransmits", false, 0),
        new Column("ping beside x1, p99 ms", cc, "besideP99Ms", false, 2),
        new Column("lost, %", cc, "besideLostPercent", false, 1),
        new Column("nodes, cores", cc, "nodeCores", false, 2),
        new Column("nodes, s/GB", cc, "nodeSecondsPerGb", false, 2),
        new Column("machine, s/GB", cc, "machineSecondsPerGb", false, 2));
  }

  /**
   * Writes all rounds, and what they were measured on.
   *
   * @param measured further facts
   */
  void write(Map<String, Object> measured) throws IOException, InterruptedException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS));
    all.put("revision", revision().orElse(null));
    all.put("cpu", cpu());
    all.put("cores", Runtime.getRuntime().availableProcessors());
    all.put("kernel", System.getProperty("os.version"));
    all.putAll(measured);
    all.put("rows", table.json());
    Files.createDirectories(FILE.getParent());
    Files.writeString(FILE, Json.write(all) + "\n");
  }

  private static String cpu() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .findFirst()
        .map(line -> line.replaceAll(".*: ", ""))
        .orElse(System.getProperty("os.arch"));
  }

  /** Of the working tree; empty outside of one. */
  private static Optional<String> revision() throws IOException, InterruptedException {
    Process git =
        new ProcessBuilder("git", "describe", "--always", "--dirty")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return git.waitFor() == 0 ? Optional.of(text) : Optional.empty();
  }
}

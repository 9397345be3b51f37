package dev.weft.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.DatagramFlood;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the event loops of a wire's two nodes allocate on the heap for each frame that crosses, in
 * small datagrams and in TCP's full segments. Prints a table.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireHeapBench {
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final int WARM_SECONDS = 5;

  /** Of TCP with time stamps in 1500 bytes. */
  private static final int SEGMENT_BYTES = 1448;

  /** Less than one object for each frame at each node: what there is is made for each batch. */
  private static final double MOST_BYTES = 60;

  /** A line of {@code jcmd Thread.print -e}. */
  private static final Pattern LOOP =
      Pattern.compile("(?m)^\"vert\\.x-eventloop-.* allocated=([0-9.]+)([BKMG])");

  private static final Map<String, Double> UNITS =
      Map.of("B", 1.0, "K", 0x1p10, "M", 0x1p20, "G", 0x1p30);

  @TempDir Path directory;

  @Test
  void shouldAllocateLessThanAnObjectForEachFrame() throws Exception {
    Pattern wanted = Pattern.compile("weft, (plain|mutual TLS)");
    try (WireModes ways = new WireModes(directory, wanted)) {
      System.out.printf(
          "| heap, B a frame | sending node | receiving node |%n| --- | --- | --- |%n");
      for (WireModes.Mode mode : ways.make(Optional.empty())) {
        if (!mode.pids().isEmpty()) {
          tcp(mode, WARM_SECONDS);
          flood(mode, WARM_SECONDS / 2);
          measure(mode, "64 B UDP", this::flood);
          measure(mode, "TCP", this::tcp);
        }
      }
    }
  }

  /** Sends for some seconds; how many frames arrived. */
  private interface Traffic {
    double send(WireModes.Mode mode, int seconds) throws Exception;
  }

  private void measure(WireModes.Mode mode, String what, Traffic traffic) throws Exception {
    double[] bytes = {-allocated(mode.pids().get(0)), -allocated(mode.pids().get(1))};
    double frames = traffic.send(mode, SECONDS);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (bytes[i] + allocated(mode.pids().get(i))) / frames;
    }
    System.out.printf("| %s, %s | %.1f | %.1f |%n", mode.name(), what, bytes[0], bytes[1]);
    assertThat(List.of(bytes[0], bytes[1]))
        .as(mode.name() + ", " + what)
        .allSatisfy(each -> assertThat(each).isLessThan(MOST_BYTES));
  }

  private double flood(WireModes.Mode mode, int seconds) throws Exception {
    try (Netns from = mode.from().open();
        Netns to = mode.to().open()) {
      InetAddress address = InetAddress.getByName(mode.address());
      return DatagramFlood.run(from, to, address, 64, seconds).delivered() * seconds;
    }
  }

  private double tcp(WireModes.Mode mode, int seconds) throws Exception {
    return Iperf.tcp(mode.from(), mode.to(), mode.address(), seconds, 1).bytes() / SEGMENT_BYTES;
  }

  /** By the loops of a process since its start, to a thousandth. */
  private static double allocated(long pid) throws IOException {
    String jcmd = Jdk.OWN.home().resolve("bin/jcmd").toString();
    Process process =
        new ProcessBuilder(jcmd, Long.toString(pid), "Thread.print", "-e")
            .redirectErrorStream(true)
            .start();
    String threads = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    double bytes = 0;
    for (Matcher loop = LOOP.matcher(threads); loop.find(); ) {
      bytes += Double.parseDouble(loop.group(1)) * UNITS.get(loop.group(2));
    }
    assertThat(bytes).as(threads).isPositive();
    return bytes;
  }
}

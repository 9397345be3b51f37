package dev.weft.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.bus.Json;
import dev.weft.linux.Netns;
import dev.weft.testkit.GrpcPrograms;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TCP and gRPC (in Python) through a forward and a reverse proxy, over either transport, beside a
 * direct TCP connection: all in turn, in rounds. Two nodes on one LAN; what NATs are between costs
 * nothing once a path is punched.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class ProxyBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final int CONNECTIONS = 200;
  private static final int CALLS = 1000;
  private static final int BULK_PORT = 7000;
  private static final String GRPC_PORT = "50061";
  private static final int PROXY_PORT = 3128;
  private static final int UTP_PORT = 7002;

  /** The kernel's USER_HZ (getconf CLK_TCK), the same on all of Linux's platforms. */
  private static final double TICKS_PER_SECOND = 100;

  @TempDir Path directory;

  /**
   * A way to the server.
   *
   * @param to what the forward proxy is asked for; empty without it
   */
  private record Mode(String name, String to) {}

  /**
   * One mode in one round.
   *
   * @param throughput bits a second
   * @param cpu seconds of both nodes for a gigabyte
   * @param p50 of a unary call, microseconds; so p99
   * @param many seconds
   */
  private record Figures(double throughput, double cpu, double p50, double p99, double many) {}

  @Test
  void compare() throws Exception {
    List<Mode> modes =
        List.of(
            new Mode("direct TCP", ""),
            new Mode("proxies, quic", ProcessCluster.addressOf(2) + ":7654"),
            new Mode("proxies, utp", ProcessCluster.addressOf(2) + ":" + UTP_PORT));
    try (ProcessCluster nodes =
            ProcessCluster.start(directory, 2, true, ProxyBench::configuration);
        GrpcPrograms programs = new GrpcPrograms(directory)) {
      programs.serve(nodes.host(2), "0.0.0.0:" + GRPC_PORT);
      sink(in(nodes.host(2), () -> new ServerSocket(BULK_PORT)));
      for (Mode mode : modes.subList(1, modes.size())) {
        add(nodes, mode);
      }
      Map<Mode, List<Figures>> figures = new LinkedHashMap<>();
      for (int round = 0; round <= ROUNDS; round++) {
        for (Mode mode : modes) {
          Figures measured = measure(nodes, programs, mode);
          if (round > 0) { // The first one is for the JIT compilers.
            System.out.println(mode.name() + " " + measured);
            figures.computeIfAbsent(mode, m -> new ArrayList<>()).add(measured);
          }
        }
      }
      print(figures);
    }
  }

  private static String configuration(int number) {
    return """
    mesh: { listen: [ "udp://%s:7654" ] }
    proxy:
      forward: { port: %d, token: bench }
      reverse: { target: "127.0.0.1:%d", utp: "0.0.0.0:%d" }
    """
        .formatted(ProcessCluster.addressOf(number), PROXY_PORT, BULK_PORT, UTP_PORT);
  }

  private static void add(ProcessCluster nodes, Mode mode) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("to", mode.to());
    wanted.put("transport", mode.name().endsWith("utp") ? "utp" : "quic");
    nodes.api(1).send("POST", "/api/v1/proxy/connections", wanted);
    Awaitility.await(mode.name())
        .atMost(Duration.ofSeconds(40))
        .until(
            () -> {
              for (JsonNode each : nodes.api(1).get("/api/v1/proxy/connections").path("items")) {
                if (each.path("to").asText().equals(mode.to())) {
                  return each.path("state").asText().matches("established|composed");
                }
              }
              return false;
            });
  }

  /** The reverse proxy starts anew, and is found again a moment later. */
  private static void target(ProcessCluster nodes, Mode mode, String port) {
    ObjectNode wanted = Json.mapper().createObjectNode().put("target", "127.0.0.1:" + port);
    nodes.api(2).send("PUT", "/api/v1/proxy/reverse", wanted);
    if (!mode.to().isEmpty()) {
      Awaitility.await(mode.name())
          .atMost(Duration.ofSeconds(40))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () -> {
                try (Socket socket =
                    in(
                        nodes.host(1),
                        () -> new Socket(InetAddress.getLoopbackAddress(), PROXY_PORT))) {
                  connect(socket, mode.to());
                  return true;
                }
              });
    }
  }

  private static <T> T in(TestNetns netns, Callable<T> body) throws Exception {
    try (Netns open = netns.open()) {
      return open.call(body);
    }
  }

  /** Reads each connection to its end, then says so with their number. */
  private static void sink(ServerSocket server) {
    Thread thread =
        new Thread(
            () -> {
              byte[] buffer = new byte[256 << 10];
              while (true) {
                try (Socket client = server.accept()) {
                  InputStream in = client.getInputStream();
                  long count = 0;
                  for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    count += n;
                  }
                  new DataOutputStream(client.getOutputStream()).writeLong(count);
                } catch (IOException e) {
                  return;
                }
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static Figures measure(ProcessCluster nodes, GrpcPrograms programs, Mode mode)
      throws Exception {
    target(nodes, mode, Integer.toString(BULK_PORT));
    double before = cpu(nodes);
    long begin = System.nanoTime();
    long bytes = bulk(nodes, mode);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpu = cpu(nodes) - before;
    target(nodes, mode, GRPC_PORT);
    boolean direct = mode.to().isEmpty();
    String proxy = direct ? "" : "http://bench@127.0.0.1:" + PROXY_PORT;
    String to = direct ? ProcessCluster.addressOf(2) + ":" + GRPC_PORT : mode.to();
    TestNetns from = nodes.host(1);
    JsonNode calls = programs.call(from, proxy, to, "latency", Integer.toString(CALLS));
    JsonNode many = programs.call(from, proxy, to, "many", Integer.toString(CONNECTIONS));
    return new Figures(
        bytes * 8 / seconds,
        cpu / (bytes / 1e9),
        calls.path("p50").asDouble(),
        calls.path("p99").asDouble(),
        many.path("seconds").asDouble());
  }

  private static long bulk(ProcessCluster nodes, Mode mode) throws Exception {
    byte[] buffer = new byte[256 << 10];
    boolean direct = mode.to().isEmpty();
    String host = direct ? ProcessCluster.addressOf(2) : "127.0.0.1";
    try (Socket socket =
        in(nodes.host(1), () -> new Socket(host, direct ? BULK_PORT : PROXY_PORT))) {
      if (!direct) {
        connect(socket, mode.to());
      }
      OutputStream out = socket.getOutputStream();
      long bytes = 0;
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      while (System.nanoTime() - end < 0) {
        out.write(buffer);
        bytes += buffer.length;
      }
      socket.shutdownOutput();
      long arrived = new DataInputStream(socket.getInputStream()).readLong();
      if (arrived != bytes) {
        throw new IOException(mode.name() + ": " + arrived + " bytes (expected: " + bytes + ")");
      }
      return bytes;
    }
  }

  private static void connect(Socket socket, String to) throws IOException {
    String head = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n";
    String token = "Proxy-Authorization: Bearer bench\r\n\r\n";
    socket.getOutputStream().write((head + token).getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        throw new IOException("CONNECT " + to + ": " + answer);
      }
      answer.append((char) next);
    }
    if (!answer.toString().contains(" 200 ")) {
      throw new IOException("CONNECT " + to + ": " + answer);
    }
  }

  /** Seconds that both nodes have had, user's and system's (proc(5), fields 14 and 15). */
  private static double cpu(ProcessCluster nodes) throws IOException {
    long ticks = 0;
    for (int number = 1; number <= 2; number++) {
      Path stat = Path.of("/proc/" + nodes.process(number).pid() + "/stat");
      String text = Files.readString(stat);
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
      ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
    return ticks / TICKS_PER_SECOND;
  }

  private static void print(Map<Mode, List<Figures>> figures) {
    System.out.printf(
        "%-16s %10s %12s %10s %10s %18s%n",
        "", "Gbit/s", "CPU s/GB", "p50 us", "p99 us", CONNECTIONS + " at once, s");
    figures.forEach(
        (mode, rounds) ->
            System.out.printf(
                Locale.ROOT,
                "%-16s %10.2f %12.2f %10.0f %10.0f %18.2f%n",
                mode.name(),
                median(rounds, Figures::throughput) / 1e9,
                median(rounds, Figures::cpu),
                median(rounds, Figures::p50),
                median(rounds, Figures::p99),
                median(rounds, Figures::many)));
  }

  private static double median(List<Figures> rounds, ToDoubleFunction<Figures> figure) {
    double[] values = rounds.stream().mapToDouble(figure).toArray();
    Arrays.sort(values);
    return values[values.length / 2];
  }
}

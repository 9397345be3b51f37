package dev.weft.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TCP through the mesh, beside a direct connection and {@code socat} over as many hops: all in
 * turn, in rounds; ratios are to the direct connection of the same round. Three nodes in a line of
 * udp links; the forwards are on the first one.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class MeshStreamBench {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final int ECHOES = 2000;
  private static final int STREAMS = 1000;
  private static final int PORT = 7000;
  private static final String NEAR = "9001";
  private static final String FAR = "9002";
  private static final int SINK = 'S';
  private static final int ECHO = 'E';

  @TempDir Path directory;
  private final ExecutorService servers = Executors.newCachedThreadPool(MeshStreamBench::daemon);

  private record Mode(String name, String address, int port) {}

  /** One mode in one round: bits a second, microseconds, seconds. */
  private record Figures(double throughput, double p50, double p99, double streams) {}

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(null, work, "bench", 128 << 10);
    thread.setDaemon(true);
    return thread;
  }

  @Test
  void compare() throws Exception {
    try (ProcessCluster nodes = ProcessCluster.startApart(directory, 3, this::configuration)) {
      TestNetns from = nodes.host(1);
      for (int number = 2; number <= 3; number++) {
        ServerSocket server =
            in(nodes.host(number), () -> new ServerSocket(PORT, 2 * STREAMS, null));
        var unused = servers.submit(() -> serve(server));
      }
      awaitServices(nodes);
      List<Mode> modes = new ArrayList<>();
      modes.add(new Mode("direct TCP", ProcessCluster.addressOf(3), PORT));
      socat(nodes).ifPresent(modes::add);
      modes.add(new Mode("weft, linked directly", "127.0.0.1", Integer.parseInt(NEAR)));
      modes.add(new Mode("weft, through a relay", "127.0.0.1", Integer.parseInt(FAR)));
      Map<String, List<Figures>> figures = new LinkedHashMap<>();
      for (Mode mode : modes) {
        throughput(from, mode);
      }
      for (int round = 0; round < ROUNDS; round++) {
        for (Mode mode : modes) {
          Figures measured = measure(from, mode);
          System.out.println(mode.name() + " " + measured);
          figures.computeIfAbsent(mode.name(), m -> new ArrayList<>()).add(measured);
        }
      }
      print(figures);
    }
  }

  private String configuration(int number) {
    String links =
        number == 3
            ? ""
            : "{ to: \"udp://%s:7654\" }".formatted(ProcessCluster.addressOf(number + 1));
    String services =
        number == 1
            ? ""
            : "{ name: bench-%d, target: \"tcp://127.0.0.1:%d\" }".formatted(number, PORT);
    String forwards =
        number != 1
            ? ""
            : """
            { listen: "127.0.0.1:%s", service: bench-2 }, { listen: "127.0.0.1:%s", service: bench-3 }\
            """
                .formatted(NEAR, FAR);
    return """
    mesh:
      punch: false
      listen: [ "udp://%s:7654" ]
      links: [ %s ]
      services: [ %s ]
      forwards: [ %s ]
    """
        .formatted(ProcessCluster.addressOf(number), links, services, forwards);
  }

  private static void awaitServices(ProcessCluster nodes) {
    Awaitility.await("both services at n1")
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(
            () -> {
              JsonNode services = nodes.api(1).get("/api/v1/mesh/services").path("items");
              return services.toString().contains("bench-2")
                  && services.toString().contains("bench-3");
            });
  }

  /** Two processes of it, on the first and the second node's host. */
  private Optional<Mode> socat(ProcessCluster nodes) throws Exception {
    if (!Files.isExecutable(Path.of("/usr/bin/socat"))) {
      return Optional.empty();
    }
    for (int number = 1; number <= 2; number++) {
      String next = ProcessCluster.addressOf(number + 1) + ":" + (number == 1 ? 9100 : PORT);
      nodes
          .host(number)
          .start(
              directory.resolve("socat" + number).toFile(),
              "socat",
              "-b65536",
              "TCP-LISTEN:9100,fork,reuseaddr,backlog=1024",
              "TCP:" + next);
      TestNetns host = nodes.host(number);
      Awaitility.await("socat").until(() -> host.run("ss", "-ltn").contains(":9100"));
    }
    return Optional.of(new Mode("socat, two hops", "127.0.0.1", 9100));
  }

  private static <T> T in(TestNetns netns, Callable<T> body) throws Exception {
    try (Netns open = netns.open()) {
      return open.call(body);
    }
  }

  private Void serve(ServerSocket server) throws IOException {
    while (true) {
      Socket client = server.accept();
      var unused = servers.submit(() -> serve(client));
    }
  }

  private static Void serve(Socket client) throws IOException {
    try (client) {
      client.setTcpNoDelay(true);
      InputStream in = client.getInputStream();
      byte[] buffer = new byte[256 << 10];
      boolean echo = in.read() == ECHO;
      long count = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        count += n;
        if (echo) {
          client.getOutputStream().write(buffer, 0, n);
        }
      }
      if (!echo) {
        new DataOutputStream(client.getOutputStream()).writeLong(count);
      }
      return null;
    }
  }

  private static Socket connect(TestNetns from, Mode mode, int what) throws Exception {
    Socket socket = in(from, () -> new Socket(InetAddress.getByName(mode.address()), mode.port()));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(60_000);
    socket.getOutputStream().write(what);
    return socket;
  }

  private Figures measure(TestNetns from, Mode mode) throws Exception {
    double throughput = throughput(from, mode);
    double[] echoes = echoes(from, mode);
    return new Figures(
        throughput, echoes[ECHOES / 2], echoes[ECHOES * 99 / 100], streams(from, mode));
  }

  private static double throughput(TestNetns from, Mode mode) throws Exception {
    byte[] buffer = new byte[256 << 10];
    try (Socket socket = connect(from, mode, SINK)) {
      long begin = System.nanoTime();
      long end = begin + TimeUnit.SECONDS.toNanos(SECONDS);
      while (System.nanoTime() - end < 0) {
        socket.getOutputStream().write(buffer);
      }
      socket.shutdownOutput();
      long received = new DataInputStream(socket.getInputStream()).readLong();
      return received * 8 / ((System.nanoTime() - begin) / 1e9);
    }
  }

  private static double[] echoes(TestNetns from, Mode mode) throws Exception {
    double[] micros = new double[ECHOES];
    try (Socket socket = connect(from, mode, ECHO)) {
      for (int i = 0; i < ECHOES; i++) {
        long begin = System.nanoTime();
        socket.getOutputStream().write(i);
        if (socket.getInputStream().read() != (i & 0xff)) {
          throw new IOException("echo " + i + " of " + mode.name() + " is wrong");
        }
        micros[i] = (System.nanoTime() - begin) / 1e3;
      }
    }
    Arrays.sort(micros);
    return micros;
  }

  /** Seconds until that many connections, all open at once, have each had a kilobyte echoed. */
  private double streams(TestNetns from, Mode mode) throws Exception {
    List<Socket> open = new ArrayList<>();
    long begin = System.nanoTime();
    try {
      for (int i = 0; i < STREAMS; i++) {
        open.add(connect(from, mode, ECHO));
      }
      List<Future<Boolean>> echoed = new ArrayList<>();
      for (Socket socket : open) {
        echoed.add(
            servers.submit(
                () -> {
                  byte[] sent = new byte[1024];
                  Arrays.fill(sent, (byte) socket.getLocalPort());
                  socket.getOutputStream().write(sent);
                  return Arrays.equals(sent, socket.getInputStream().readNBytes(sent.length));
                }));
      }
      for (Future<Boolean> answer : echoed) {
        try {
          if (!answer.get()) {
            throw new IOException("a wrong echo");
          }
        } catch (ExecutionException | IOException e) {
          throw new IOException(mode.name() + ", " + STREAMS + " streams: " + e.getMessage(), e);
        }
      }
      return (System.nanoTime() - begin) / 1e9;
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static void print(Map<String, List<Figures>> figures) {
    System.out.printf(
        "%-24s %10s %8s %10s %10s %22s%n",
        "TCP", "Gbit/s", "ratio", "echo p50", "p99 us", STREAMS + " streams, s");
    List<Figures> direct = figures.values().iterator().next();
    figures.forEach(
        (name, rounds) ->
            System.out.printf(
                Locale.ROOT,
                "%-24s %10.2f %8.3f %10.0f %10.0f %22.2f%n",
                name,
                median(rounds.stream().mapToDouble(Figures::throughput).toArray()) / 1e9,
                ratio(rounds, direct),
                median(rounds.stream().mapToDouble(Figures::p50).toArray()),
                median(rounds.stream().mapToDouble(Figures::p99).toArray()),
                median(rounds.stream().mapToDouble(Figures::streams).toArray())));
  }

  private static double ratio(List<Figures> rounds, List<Figures> direct) {
    double[] ratios = new double[rounds.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = rounds.get(i).throughput() / direct.get(i).throughput();
    }
    return median(ratios);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }
}

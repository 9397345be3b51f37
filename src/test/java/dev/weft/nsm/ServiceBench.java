package dev.weft.nsm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * What clients of network services wait for: requests to nodes that have just started, closing,
 * healing by another node's endpoint; and what it costs to probe a thousand paths. {@code mvn
 * verify -Pbench -Dit.test=ServiceBench -Dbench.rounds=1}, ten minutes; {@code
 * -Dit.test=ServiceBench#heal -Dbench.connections=50} is one row. {@code
 * -Dbench.jars=/path/older.jar,/path/newer.jar} compares programs in one run.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class ServiceBench {
  private static final long GIVE_UP_NANOS = 90_000_000_000L;
  private static final String BURST = Integer.toString(Integer.getInteger("bench.burst", 1000));
  private static final int PROBED = Integer.getInteger("bench.probed", 1000);

  private interface Part {
    void run(String program) throws Exception;
  }

  @Test
  void request() throws Exception {
    System.out.println(
        "| program | endpoint | first 100: p50 ms | p99 ms | burst: p50 ms | p99 ms | closing s |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    forEachProgram(
        program -> {
          request(program, 1);
          request(program, 2);
        });
  }

  @Test
  void heal() throws Exception {
    System.out.println(
        "| program | connections | healed | half within s | 99 % within s | all within s |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    for (String count : System.getProperty("bench.connections", "1,50,300,1000").split(",", -1)) {
      forEachProgram(program -> heal(program, Integer.parseInt(count)));
    }
  }

  @Test
  void probe() throws Exception {
    System.out.println("| program | probe | node | CPU per cent of a core | under load: healing |");
    System.out.println("| --- | --- | --- | --- | --- |");
    forEachProgram(
        program -> {
          probe(program, "0s");
          probe(program, "1s");
        });
  }

  private static void forEachProgram(Part part) throws Exception {
    String own = System.getProperty("weft.jar");
    String all = System.getProperty("bench.jars", own);
    try {
      int number = 0;
      for (String jar : all.split(",", -1)) {
        System.setProperty("weft.jar", jar);
        part.run(Integer.toString(++number));
      }
    } finally {
      System.setProperty("weft.jar", own);
    }
  }

  /** Requests of a pod on the first of two nodes, to an endpoint on one of them. */
  private static void request(String program, int endpointAt) throws Exception {
    try (NsmNodes nodes = NsmNodes.start(2, "heal: 10s")) {
      NsmNodes.Node home = nodes.node(1);
      TestNetns client = home.pod("c1");
      String socket = home.socketOf("c1").toString();
      try (EchoEndpoint echo =
          EchoEndpoint.serve("e", nodes.node(endpointAt), nodes.namespace("echo"))) {
        awaitEndpoints(home, 1);
        JsonNode first = NsmNodes.probe(client, "load", socket, "100", "1", "first-");
        JsonNode burst = NsmNodes.probe(client, "load", socket, BURST, "50", "burst-");
        long began = System.nanoTime();
        home.closeAll();
        System.out.printf(
            Locale.ROOT,
            "| %s | %s | %.0f | %.0f | %.0f | %.0f | %.1f |%s%n",
            program,
            endpointAt == 1 ? "local" : "remote",
            first.path("p50").asDouble(),
            first.path("p99").asDouble(),
            burst.path("p50").asDouble(),
            burst.path("p99").asDouble(),
            secondsSince(began),
            refusals(first, burst));
      }
    }
  }

  private static String refusals(JsonNode first, JsonNode burst) {
    int failed = first.path("failed").asInt() + burst.path("failed").asInt();
    return failed == 0 ? "" : " " + failed + " refused, " + burst.path("errors");
  }

  /** All connections have one endpoint, on the second of three nodes, when it is gone. */
  private static void heal(String program, int count) throws Exception {
    try (NsmNodes nodes = NsmNodes.start(3, "heal: 10s")) {
      NsmNodes.Node home = nodes.node(1);
      TestNetns client = home.pod("c1");
      try (EchoEndpoint first =
          EchoEndpoint.serve("first", nodes.node(2), nodes.namespace("echo1"))) {
        awaitEndpoints(home, 1);
        String socket = home.socketOf("c1").toString();
        NsmNodes.probe(client, "load", socket, Integer.toString(count), "50", "heal-");
        try (EchoEndpoint second =
            EchoEndpoint.serve("second", nodes.node(3), nodes.namespace("echo2"))) {
          awaitEndpoints(home, 2);
          long began = System.nanoTime();
          first.close();
          report(program, count, home, began);
        }
      }
    }
  }

  private static void report(String program, int count, NsmNodes.Node home, long began)
      throws Exception {
    Map<Integer, Double> healedAfter = new TreeMap<>();
    Set<String> healed = new HashSet<>();
    JsonNode now = home.connections();
    while (healed.size() < now.size() && System.nanoTime() - began < GIVE_UP_NANOS) {
      Thread.sleep(200);
      now = home.connections();
      for (JsonNode c : now) {
        if (c.path("provider").asText().equals("second")
            && c.path("state").asText().equals("up")
            && healed.add(c.path("id").asText())) {
          healedAfter.put(healed.size(), secondsSince(began));
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %d | %.1f | %.1f | %.1f |%n",
        program,
        count,
        healed.size(),
        healedAfter.getOrDefault((count + 1) / 2, Double.NaN),
        healedAfter.getOrDefault((count * 99 + 99) / 100, Double.NaN),
        healedAfter.getOrDefault(count, Double.NaN));
  }

  /** A thousand connections to an endpoint on the second node, idle, then beside busy programs. */
  private static void probe(String program, String every) throws Exception {
    try (NsmNodes nodes = NsmNodes.start(2, "heal: 10s, probe: " + every)) {
      NsmNodes.Node home = nodes.node(1);
      TestNetns client = home.pod("c1");
      try (EchoEndpoint echo = EchoEndpoint.serve("e", nodes.node(2), nodes.namespace("echo"))) {
        awaitEndpoints(home, 1);
        String socket = home.socketOf("c1").toString();
        NsmNodes.probe(client, "load", socket, Integer.toString(PROBED), "50", "p-");
        Thread.sleep(5000);
        List<Duration> before = List.of(cpu(nodes, 1), cpu(nodes, 2));
        long began = System.nanoTime();
        Thread.sleep(10_000);
        List<Duration> after = List.of(cpu(nodes, 1), cpu(nodes, 2));
        double seconds = secondsSince(began);
        load(client);
        long healing =
            Files.readString(home.log().toPath())
                .lines()
                .filter(line -> line.contains(" healing: nothing answers"))
                .count();
        for (int i = 0; i < 2; i++) {
          System.out.printf(
              Locale.ROOT,
              "| %s | %s | %s | %.1f | %s |%n",
              program,
              every,
              i == 0 ? "the clients'" : "the endpoint's",
              after.get(i).minus(before.get(i)).toMillis() / seconds / 10,
              i == 0 ? healing : "");
        }
      }
    }
  }

  private static Duration cpu(NsmNodes nodes, int number) {
    return ProcessHandle.of(nodes.node(number).pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElseThrow();
  }

  /** Four programs that take all the CPU they get, for ten seconds. */
  private static void load(TestNetns where) throws Exception {
    List<Process> busy = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      busy.add(
          where.start(new File("/dev/null"), "timeout", "10", "sh", "-c", "while :; do :; done"));
    }
    for (Process each : busy) {
      each.waitFor();
    }
  }

  private static void awaitEndpoints(NsmNodes.Node home, int count)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + GIVE_UP_NANOS;
    while (home.get("/api/v1/services").path("items").path(0).path("endpoints").size() < count) {
      if (System.nanoTime() > until) {
        throw new AssertionError("no " + count + " endpoints");
      }
      Thread.sleep(100);
    }
  }

  private static double secondsSince(long began) {
    return (System.nanoTime() - began) / 1e9;
  }
}

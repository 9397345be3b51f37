package dev.weft.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Five routers in a ring on two nodes, which speak OSPF and IS-IS over their wires (FRR): routers 1
 * to 3 on the first node, 4 and 5 on the second, so that the links 3 and 5 are between the nodes.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.FRR})
class RoutersIT {
  private static final int ROUTERS = 5;
  private static final Path FRR = Path.of("/usr/lib/frr");

  @TempDir Path directory;

  /** The routers' files: FRR's programs change to a user of their own. */
  private Path routers;

  private final List<TestNetns> pods = new ArrayList<>();

  private ProcessCluster cluster;

  @BeforeEach
  void start() throws Exception {
    routers = Files.createTempDirectory("weft-routers");
    Files.setPosixFilePermissions(routers, PosixFilePermissions.fromString("rwxr-xr-x"));
    cluster = ProcessCluster.start(directory, 2, "");
    for (int router = 1; router <= ROUTERS; router++) {
      pods.add(TestNetns.create("r" + router));
      cluster.pod(router <= 3 ? 1 : 2, "r" + router, pods.get(router - 1));
    }
    long began = System.nanoTime();
    cluster.api(1).send("POST", "/api/v1/topologies", "application/yaml", topologies());
    for (int router = 1; router <= ROUTERS; router++) {
      route(router);
    }
    awaitNeighbours(2, 2, 2, 2, 2);
    print("topology applied, all are neighbours", began);
  }

  @AfterEach
  void stop() throws Exception {
    pods.forEach(TestNetns::close);
    if (cluster != null) {
      cluster.close();
    }
    try (Stream<Path> files = Files.walk(routers)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void shouldGoAroundACableThatIsPulled() throws Exception {
    await().until(() -> pings(3, 4));

    // When a cable between the nodes is pulled
    long began = System.nanoTime();
    pods.get(2).run("ip", "link", "set", "e3", "down");

    // Then the router at its other end sees it too, and all go the other way
    await().until(() -> pods.get(3).run("ip", "link", "show", "e3").contains("NO-CARRIER"));
    print("cable pulled, seen at the other end", began);
    awaitNeighbours(2, 2, 1, 1, 2);
    print("cable pulled, told", began);
    await().until(() -> pings(3, 4));
    print("cable pulled, the other way", began);
  }

  @Test
  @Tag("long")
  void shouldBeNeighboursAgainAfterACableIsBackAndAfterANodeIs() throws Exception {
    pods.get(2).run("ip", "link", "set", "e3", "down");
    awaitNeighbours(2, 2, 1, 1, 2);
    long began = System.nanoTime();
    pods.get(2).run("ip", "link", "set", "e3", "up");
    awaitNeighbours(2, 2, 2, 2, 2);
    print("cable back", began);

    began = System.nanoTime();
    cluster.kill(2);
    // Links within the killed node are the kernel's.
    awaitNeighbours(1, 2, 1, 1, 1);
    print("node killed, told", began);
    cluster.start(2);
    cluster.awaitReady(2);
    began = System.nanoTime();
    awaitNeighbours(2, 2, 2, 2, 2);
    print("node ready again, all are neighbours", began);
    await().until(() -> pings(4, 1));
  }

  private static void print(String what, long since) {
    System.out.printf("%s after %d ms%n", what, (System.nanoTime() - since) / 1_000_000);
  }

  /** Link N is between router N and the next one. */
  private static String topologies() {
    return IntStream.rangeClosed(1, ROUTERS)
        .mapToObj(
            router -> {
              int before = (router + ROUTERS - 2) % ROUTERS + 1;
              int after = router % ROUTERS + 1;
              return """
              ---
              apiVersion: networkop.co.uk/v1beta1
              kind: Topology
              metadata: { name: r%1$d }
              spec:
                links:
                  - { uid: %1$d, peer_pod: r%2$d, local_intf: e%1$d, peer_intf: e%1$d, local_ip: 10.0.%1$d.1/24, peer_ip: 10.0.%1$d.2/24 }
                  - { uid: %3$d, peer_pod: r%3$d, local_intf: e%3$d, peer_intf: e%3$d, local_ip: 10.0.%3$d.2/24, peer_ip: 10.0.%3$d.1/24 }
              """
                  .formatted(router, after, before);
            })
        .collect(Collectors.joining());
  }

  private Path home(int router) {
    return routers.resolve("r" + router);
  }

  /** Starts a router's programs. */
  private void route(int router) throws Exception {
    Files.setOwner(
        Files.createDirectory(home(router)),
        routers.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("frr"));
    int before = (router + ROUTERS - 2) % ROUTERS + 1;
    daemon(
        router,
        "zebra",
        "ip forwarding\ninterface lo\n ip address 10.255.0.%d/32\n".formatted(router));
    // Else the others try again 10 s later.
    await("zebra").until(() -> Files.exists(home(router).resolve("zserv.api")));
    daemon(
        router,
        "ospfd",
        ospf(router)
            + ospf(before)
            + "router ospf\n ospf router-id 10.255.0.%d\n timers throttle spf 0 50 500\n network 0.0.0.0/0 area 0\n"
                .formatted(router));
    daemon(
        router,
        "isisd",
        isis(router)
            + isis(before)
            + "interface lo\n ip router isis 1\n isis passive\nrouter isis 1\n net 49.0001.0000.0000.000%d.00\n is-type level-2-only\n"
                .formatted(router));
  }

  private static String ospf(int link) {
    return "interface e%d\n ip ospf network point-to-point\n ip ospf hello-interval 1\n ip ospf dead-interval 4\n"
        .formatted(link);
  }

  private static String isis(int link) {
    return "interface e%d\n ip router isis 1\n isis network point-to-point\n isis hello-interval 1\n isis hello-multiplier 4\n"
        .formatted(link);
  }

  private void daemon(int router, String name, String configuration) throws Exception {
    Path conf = Files.writeString(home(router).resolve(name + ".conf"), configuration);
    pods.get(router - 1)
        .start(
            home(router).resolve(name + ".log").toFile(),
            FRR.resolve(name).toString(),
            "-f",
            conf.toString(),
            "-i",
            home(router).resolve(name + ".pid").toString(),
            "-z",
            home(router).resolve("zserv.api").toString(),
            "--vty_socket",
            home(router).toString(),
            "-P",
            "0",
            "--log",
            "stdout");
  }

  /** Waits until each router has so many neighbours by either protocol. */
  private void awaitNeighbours(int... expected) {
    await()
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              for (int router = 1; router <= ROUTERS; router++) {
                String ospf = show(router, "ospfd", "show ip ospf neighbor");
                String isis = show(router, "isisd", "show isis neighbor");
                assertThat(ospf.lines().filter(line -> line.contains(" Full/")))
                    .as("OSPF of r" + router + ":\n" + ospf)
                    .hasSize(expected[router - 1]);
                assertThat(isis.lines().filter(line -> line.contains(" Up ")))
                    .as("IS-IS of r" + router + ":\n" + isis)
                    .hasSize(expected[router - 1]);
              }
            });
  }

  private String show(int router, String daemon, String command) throws Exception {
    return pods.get(router - 1)
        .run("vtysh", "--vty_socket", home(router).toString(), "-d", daemon, "-c", command);
  }

  private boolean pings(int from, int to) throws Exception {
    try {
      pods.get(from - 1).run("ping", "-c1", "-W1", "-I", "10.255.0." + from, "10.255.0." + to);
      return true;
    } catch (AssertionError lost) {
      return false;
    }
  }
}

package dev.weft.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateAuthority;
import dev.weft.linux.Netns;
import dev.weft.pod.PodRef;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.TopologyFile;
import dev.weft.topology.TopologyLink;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A cluster of real nodes on this host, with a topology's pods spread over it. What it makes, it
 * can always take away again: {@link #clean} needs only what lies on disk and in the kernel.
 */
final class Demo {
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);
  private static final Duration JOINED_WITHIN = Duration.ofMinutes(1);
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);

  /** Of an overlay on the demo's network, and of a node's pods while it is alone; bytes. */
  private static final int OVERLAY_MTU = 1450;

  private final DemoDirectory directory;
  private final DemoNetwork network;
  private final int nodes;
  private final PrintWriter progress;
  private final List<DemoNode> running = new ArrayList<>();

  Demo(DemoDirectory directory, int nodes, PrintWriter progress) {
    this.directory = directory;
    this.network = new DemoNetwork(directory.name());
    this.nodes = nodes;
    this.progress = progress;
  }

  /** Ends processes and removes namespaces and files of this or an earlier demo. */
  static void clean(DemoDirectory directory) throws IOException, InterruptedException {
    DemoProcesses.end(directory.pids(), directory.root());
    for (String id : directory.nodeIds()) {
      Netns.deleteIfExists("weft-" + id);
    }
    new DemoNetwork(directory.name()).delete();
    directory.delete();
  }

  /** Starts the nodes, the first alone so that the others find a cluster to join. */
  void start() throws Exception {
    directory.create();
    tell("making %d node namespaces, a CA and certificates", nodes);
    network.create(nodes);
    CertificateAuthority ca =
        CertificateAuthority.create(
            directory.root().resolve("ca"),
            "weft-demo",
            CertificateAuthority.DEFAULT_DAYS,
            Clock.systemUTC());
    for (int i = 1; i <= nodes; i++) {
      DemoNode node = new DemoNode(i, directory.node("n" + i), network.netnsOf(i));
      directory.rememberNodeId(node.name(), node.prepare(ca, nodes));
      running.add(node);
    }
    tell("starting %d nodes", nodes);
    running.get(0).start();
    awaitReady(running.get(0));
    for (DemoNode node : running.subList(1, running.size())) {
      node.start();
    }
    for (DemoNode node : running) {
      awaitReady(node);
    }
    awaitMembers();
    awaitSubnets();
  }

  /** Makes the pods as namespaces, round-robin over the nodes, and applies the topology. */
  void apply(TopologyFile file, String text) throws IOException {
    tell(
        "registering %d pods, applying %d topologies",
        file.pods().size(), file.topologies().size());
    int next = 0;
    for (PodRef pod : file.pods()) {
      String netns = network.netnsOf(pod);
      Netns.create(netns);
      DemoNode node = running.get(next++ % nodes);
      for (String device : devicesOf(pod, file)) {
        network.ensureDevice(node.number(), device);
      }
      client(node)
          .send(
              "PUT",
              "/api/v1/pods/" + pod,
              Json.mapper().createObjectNode().put("netns", netns).put("address", "auto"));
    }
    client(running.get(0)).send("POST", "/api/v1/topologies", "application/yaml", text);
  }

  /** The devices of its node that a pod is to be attached to. */
  private static List<String> devicesOf(PodRef pod, TopologyFile file) {
    return file.topologies().stream()
        .filter(topology -> topology.pod().equals(pod))
        .flatMap(topology -> topology.links().stream())
        .filter(link -> link.peerPod().equals(DemoReport.LOCALHOST))
        .map(TopologyLink::peerIntf)
        .toList();
  }

  DemoNetwork network() {
    return network;
  }

  /** Every link once from each of its sides, as soon as none is on its way up any more. */
  List<LinkStatus> awaitLinks() throws IOException {
    long deadline = System.nanoTime() + JOINED_WITHIN.toNanos();
    while (true) {
      List<LinkStatus> links = links();
      if (links.stream().noneMatch(l -> DemoReport.mayComeUp(l, links))
          || System.nanoTime() > deadline) {
        return links;
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  /** Every pod's address, as soon as every node has a route to every other's subnet. */
  List<DemoPod> awaitRoutes() throws IOException {
    long deadline = System.nanoTime() + JOINED_WITHIN.toNanos();
    for (DemoNode node : running) {
      while ((routesOf(node) < nodes - 1 || hasWaitingPods(node)) && System.nanoTime() < deadline) {
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
    int mtu = OVERLAY_MTU;
    for (JsonNode subnet : client(first()).get("/api/v1/subnets").path("items")) {
      int its = subnet.path("mtu").asInt();
      mtu = its > 0 ? Math.min(mtu, its) : mtu;
    }
    List<DemoPod> pods = new ArrayList<>();
    for (DemoNode node : running) {
      for (JsonNode a : addressesOf(node)) {
        if (!a.has("address")) {
          continue;
        }
        PodRef pod = PodRef.parse(a.path("pod").asText());
        pods.add(new DemoPod(pod, node.name(), Cidr.parse(a.path("address").asText()), mtu));
      }
    }
    return pods;
  }

  private static JsonNode addressesOf(DemoNode node) {
    return client(node).get("/api/v1/addresses").path("items");
  }

  private static boolean hasWaitingPods(DemoNode node) {
    for (JsonNode address : addressesOf(node)) {
      if (address.has("problem")) {
        return true;
      }
    }
    return false;
  }

  private static long routesOf(DemoNode node) {
    long up = 0;
    for (JsonNode route : client(node).get("/api/v1/routes").path("items")) {
      up += route.has("member") && route.path("up").asBoolean() ? 1 : 0;
    }
    return up;
  }

  private void awaitSubnets() {
    long deadline = System.nanoTime() + JOINED_WITHIN.toNanos();
    for (DemoNode node : running) {
      while (!hasSubnet(node)) {
        if (System.nanoTime() > deadline) {
          throw Fault.TIMEOUT.because("node " + node.name() + " has no subnet");
        }
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }

  private static boolean hasSubnet(DemoNode node) {
    for (JsonNode subnet : client(node).get("/api/v1/subnets").path("items")) {
      if (subnet.path("self").asBoolean()) {
        return true;
      }
    }
    return false;
  }

  DemoNode first() {
    return running.get(0);
  }

  private List<LinkStatus> links() throws IOException {
    List<LinkStatus> links = new ArrayList<>();
    for (JsonNode topology : client(first()).get("/api/v1/topologies").path("items")) {
      for (JsonNode link : topology.path("links")) {
        links.add(Json.mapper().convertValue(link, LinkStatus.class));
      }
    }
    return links;
  }

  private void awaitReady(DemoNode node) throws IOException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (!Files.exists(node.socket()) || !client(node).ready()) {
      node.checkAlive();
      if (System.nanoTime() > deadline) {
        throw Fault.TIMEOUT.because(
            "node " + node.name() + " is not ready after " + READY_WITHIN.toSeconds() + " s");
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  private void awaitMembers() throws IOException {
    long deadline = System.nanoTime() + JOINED_WITHIN.toNanos();
    for (DemoNode node : running) {
      while (client(node).get("/api/v1/nodes").path("items").size() < nodes) {
        if (System.nanoTime() > deadline) {
          throw Fault.TIMEOUT.because(
              "node " + node.name() + " does not see all " + nodes + " members");
        }
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }

  private static ApiClient client(DemoNode node) {
    return ApiClient.of("unix:" + node.socket(), null);
  }

  private void tell(String format, Object... arguments) {
    progress.printf(format + " …%n", arguments);
    progress.flush();
  }
}

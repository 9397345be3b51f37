package dev.weft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.weft.bus.Bus;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.cluster.AwayMember;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.CommonTable;
import dev.weft.cluster.Member;
import dev.weft.cluster.OwnedTable;
import dev.weft.mesh.Mesh;
import dev.weft.nsm.ConnectionState;
import dev.weft.nsm.ConnectionStatus;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.NetworkService;
import dev.weft.nsm.NetworkServices;
import dev.weft.nsm.ServiceChain;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.proxy.AppProxies;
import dev.weft.room.RoomContext;
import dev.weft.subnet.Agents;
import dev.weft.subnet.Subnets;
import dev.weft.telemetry.EventLog;
import dev.weft.telemetry.Health;
import dev.weft.telemetry.Metrics;
import dev.weft.testkit.TestSigner;
import dev.weft.topology.LinkStatus;
import dev.weft.topology.SingleLink;
import dev.weft.topology.Topologies;
import dev.weft.topology.Topology;
import dev.weft.topology.TopologyLink;
import dev.weft.topology.TopologyStatus;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A real API on an ephemeral loopback port, with the rooms below it played by memory. */
public final class TestNode implements AutoCloseable {
  public static final String ID = "00000000000000a1";
  public static final long EPOCH = 3;

  /** A fact without any room. */
  public record Happened(String subject, String text) implements Fact {}

  public final Vertx vertx;
  public final Bus bus;
  public final Health health = new Health();
  public final EventLog events = new EventLog(Clock.systemUTC());
  public final List<Member> members = new CopyOnWriteArrayList<>();
  public final List<AwayMember> away = new CopyOnWriteArrayList<>();
  public final Map<PodRef, Pod> pods = new ConcurrentSkipListMap<>();
  public final Map<String, WireStatus> wires = new ConcurrentSkipListMap<>();
  public final Map<PodRef, TopologyStatus> topologies = new ConcurrentSkipListMap<>();
  public final Map<String, LinkStatus> singles = new ConcurrentHashMap<>();
  public final Map<String, Subnets.RouteView> routes = new ConcurrentSkipListMap<>();
  public final List<NetworkService> services = new CopyOnWriteArrayList<>();
  private final Map<String, ServiceChain> chains = new ConcurrentSkipListMap<>();
  public final List<ConnectionStatus> connections = new CopyOnWriteArrayList<>();
  private final Metrics metrics = new Metrics();
  private ApiVerticle api;
  private String deployment;

  public TestNode() {
    this(new MemoryMesh());
  }

  public TestNode(Mesh mesh) {
    this.vertx = Vertx.vertx();
    this.bus = new Bus(vertx, ID, new TestSigner(ID));
    events.attach(bus, new MemoryCluster(ID)::name);
    members.add(new Member(ID, "n1", "0.1.0", null, "127.0.0.1:1", "http://x", EPOCH, 1700000000));
    health.state("wire", Health.State.READY);
    await(bus.serve(Pods.class, new MemoryPods(ID)));
    await(bus.serve(Wires.class, new MemoryWires()));
    MemorySubnets subnets = new MemorySubnets(routes);
    await(bus.serve(Subnets.class, subnets));
    await(bus.serve(Agents.class, subnets));
    await(bus.serve(Topologies.class, new MemoryTopologies()));
    await(bus.serve(NetworkServices.class, new MemoryServices()));
    await(bus.serve(Mesh.class, mesh));
    await(bus.serve(AppProxies.class, new MemoryProxies()));
    await(bus.serve(NetChecks.class, TestNode::netCheck));
    await(bus.serve(Doctor.class, new HealthyDoctor()));
  }

  /** But for one address where nobody is. */
  private static final class HealthyDoctor implements Doctor {
    @Override
    public Future<List<Finding>> examine() {
      return Future.succeededFuture(
          List.of(
              Finding.problem("join", "10.0.0.9:5701 does not answer: refused", "start it"),
              Finding.ok("health", "every part of the node works")));
    }

    @Override
    public Future<Long> clock() {
      return Future.succeededFuture(0L);
    }
  }

  private static Future<NetChecks.NetCheck> netCheck() {
    return Future.succeededFuture(
        new NetChecks.NetCheck(
            ID,
            "192.168.1.2:7654",
            "yes",
            "unknown",
            "endpoint-independent",
            "address-and-port-dependent",
            "no",
            new NetChecks.Lifetime(30L, 45L),
            10_000,
            List.of("198.51.100.7:7654"),
            List.of(
                new NetChecks.SeenBy("198.51.100.1:7654", "198.51.100.7:7654"),
                new NetChecks.SeenBy("198.51.100.2:7654", null)),
            new NetChecks.PortMapping(
                null, null, null, "192.168.1.1 answers neither PCP nor NAT-PMP"),
            List.of(
                new NetChecks.Way(
                    "00000000000000b2",
                    "n2",
                    "mesh",
                    null,
                    null,
                    "00000000000000c3",
                    9120L,
                    "node n2 at 10.0.0.2:51111: connection timed out"))));
  }

  public TestNode start() {
    return start(0, "", null, null);
  }

  public TestNode start(int port, String socket, Path tokens, Path readTokens) {
    Member self = members.get(0);
    NodeInfo info =
        new NodeInfo(self.id(), self.name(), "0.1.0", EPOCH, Instant.ofEpochSecond(1700000000));
    api =
        new ApiVerticle(
            new RoomContext(
                bus, new MemoryCluster(self.id()), null, health, metrics, Clock.systemUTC()),
            new ApiSettings("127.0.0.1", port, socket, tokens, readTokens, info),
            events,
            TestNode::read,
            id -> Optional.of(new NodeWays.Way("mesh", "node b refused")));
    deployment = await(vertx.deployVerticle(api));
    return this;
  }

  public String url() {
    return "http://127.0.0.1:" + api.port();
  }

  public int port() {
    return api.port();
  }

  public void stop() {
    await(vertx.undeploy(deployment));
  }

  @Override
  public void close() {
    await(vertx.close());
    metrics.close();
  }

  /** A connection of r1 to the service echo. */
  public void connection(String connectionId, ConnectionState state, String reason) {
    connections.add(
        new ConnectionStatus(
            connectionId,
            "echo",
            "1",
            ID,
            PodRef.parse("r1"),
            "echo",
            "10.44.0.2/30",
            null,
            ID,
            "default/e1",
            "nsm0",
            "10.44.0.1",
            null,
            List.of("10.44.0.0/30"),
            List.of(),
            Mechanism.VETH,
            1500,
            state,
            reason,
            Instant.EPOCH,
            null,
            List.of()));
  }

  public WireStatus wire(String id, int uid, WireState state, String reason) {
    WireSpec.End a = new WireSpec.End(PodRef.parse("r1"), "eth" + uid, "10.0.0.1/24", ID);
    WireSpec.End b = new WireSpec.End(PodRef.parse("r2"), "eth" + uid, null, "00000000000000b2");
    WireStatus status =
        new WireStatus(
            new WireSpec(id, "default", uid, WireKind.GRPC, 1500, a, b),
            state,
            reason,
            Instant.parse("2026-01-02T03:04:05Z"),
            new WireStatus.Traffic(1200, 1_500_000, 0),
            new WireStatus.Traffic(900, 90_000, 2));
    wires.put(id, status);
    return status;
  }

  public static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new AssertionError("no answer in 30 s", e);
    }
  }

  /** Enough of meshnet's form for these tests; the topology room has the real reader. */
  private static List<Topology> read(String text, String source) {
    List<Topology> read = new ArrayList<>();
    try (var documents = new YAMLMapper().readerFor(JsonNode.class).<JsonNode>readValues(text)) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        JsonNode name = document.at("/metadata/name");
        if (name.isMissingNode()) {
          throw Fault.invalid(source + ": metadata.name", "missing", "a pod's name");
        }
        List<TopologyLink> links = new ArrayList<>();
        for (JsonNode l : document.at("/spec/links")) {
          links.add(
              new TopologyLink(
                  l.get("uid").asLong(),
                  l.get("peer_pod").asText(),
                  l.get("local_intf").asText(),
                  l.get("peer_intf").asText(),
                  l.path("local_ip").asText(null),
                  null,
                  null,
                  null));
        }
        String ns = document.at("/metadata/namespace").asText("default");
        read.add(new Topology(new PodRef(ns.isEmpty() ? "default" : ns, name.asText()), links));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }

  private final class MemoryCluster implements Cluster {
    private final String self;

    MemoryCluster(String self) {
      this.self = self;
    }

    @Override
    public String self() {
      return self;
    }

    @Override
    public List<Member> members() {
      return List.copyOf(members);
    }

    @Override
    public List<AwayMember> away() {
      return List.copyOf(away);
    }

    @Override
    public Optional<Member> member(String id) {
      return members.stream().filter(m -> m.id().equals(id)).findFirst();
    }

    @Override
    public OwnedTable owned(String name) {
      throw new UnsupportedOperationException("the API keeps no table");
    }

    @Override
    public CommonTable common(String name) {
      throw new UnsupportedOperationException("the API keeps no table");
    }
  }

  private final class MemoryPods implements Pods {
    private final String node;

    MemoryPods(String node) {
      this.node = node;
    }

    @Override
    public Future<Pod> put(PodRef ref, String netns) {
      if (netns.startsWith("gone")) {
        throw Fault.invalid("netns", netns, "a network namespace");
      }
      Pod pod = new Pod(ref, node, netns, 4026531840L, 1, null);
      pods.put(ref, pod);
      return Future.succeededFuture(pod);
    }

    @Override
    public Future<Void> remove(PodRef ref) {
      return pods.remove(ref) == null
          ? Future.failedFuture(Fault.NOT_FOUND.because("pod " + ref + ": not registered here"))
          : Future.succeededFuture();
    }

    @Override
    public Future<List<Pod>> local() {
      return Future.succeededFuture(
          pods.values().stream().filter(pod -> pod.node().equals(node)).toList());
    }

    @Override
    public Future<List<Pod>> away() {
      return Future.succeededFuture(
          pods.values().stream().filter(pod -> !pod.node().equals(node)).toList());
    }

    @Override
    public Future<List<Pod>> all() {
      return local();
    }
  }

  private final class MemoryWires implements Wires {
    @Override
    public Future<WireStatus> put(WireSpec spec) {
      throw new UnsupportedOperationException("the API makes no wire itself");
    }

    @Override
    public Future<Void> remove(String id) {
      throw new UnsupportedOperationException("the API removes no wire itself");
    }

    @Override
    public Future<List<WireStatus>> list() {
      return Future.succeededFuture(List.copyOf(wires.values()));
    }

    @Override
    public Future<WireStatus> get(String id) {
      return wires.containsKey(id)
          ? Future.succeededFuture(wires.get(id))
          : Future.failedFuture(Fault.NOT_FOUND.because("wire " + id + ": not on this node"));
    }
  }

  /** What the fields say; nothing comes or goes. */
  private final class MemoryServices implements NetworkServices {
    @Override
    public Future<List<NetworkService>> services() {
      return Future.succeededFuture(List.copyOf(services));
    }

    @Override
    public Future<List<ConnectionStatus>> connections() {
      return Future.succeededFuture(List.copyOf(connections));
    }

    @Override
    public Future<ConnectionStatus> connection(String id) {
      throw Fault.NOT_FOUND.because("connection " + id + ": no end on this node");
    }

    @Override
    public Future<ConnectionStatus> connect(PodRef pod, String service, String requestId) {
      throw Fault.NOT_FOUND.because("service " + service + ": nobody advertises it");
    }

    @Override
    public Future<Void> close(String id) {
      throw Fault.NOT_FOUND.because("connection " + id + ": no end on this node");
    }

    @Override
    public Future<List<ServiceChain>> chains() {
      return Future.succeededFuture(List.copyOf(chains.values()));
    }

    @Override
    public Future<ServiceChain> putChain(String service, List<String> via) {
      ServiceChain chain = new ServiceChain(service, via, ServiceChain.Origin.API);
      chains.put(service, chain);
      return Future.succeededFuture(chain);
    }

    @Override
    public Future<Void> removeChain(String service) {
      chains.remove(service);
      return Future.succeededFuture();
    }
  }

  private final class MemoryTopologies implements Topologies {
    @Override
    public Future<List<TopologyStatus>> apply(List<Topology> accepted) {
      return Future.succeededFuture(
          accepted.stream()
              .map(
                  t -> {
                    TopologyStatus status =
                        new TopologyStatus(t, t.links().stream().map(l -> link(t, l)).toList());
                    topologies.put(t.pod(), status);
                    return status;
                  })
              .toList());
    }

    private LinkStatus link(Topology t, TopologyLink l) {
      PodRef peer = new PodRef(t.pod().ns(), l.peerPod());
      return new LinkStatus(
          t.pod(),
          l.uid(),
          l.localIntf(),
          l.localIp(),
          peer,
          l.peerIntf(),
          null,
          null,
          "grpc",
          1500,
          "waiting",
          "pod " + peer + " is not registered on any node",
          members.get(0).id(),
          null);
    }

    @Override
    public Future<Void> delete(PodRef pod) {
      return topologies.remove(pod) == null ? unknown(pod) : Future.succeededFuture();
    }

    @Override
    public Future<Void> cut(String wire) {
      return wires.computeIfPresent(wire, (id, w) -> cut(w, true)) == null
          ? Future.failedFuture(Fault.NOT_FOUND.because("no link has the wire " + wire))
          : Future.succeededFuture();
    }

    @Override
    public Future<Void> mend(String wire) {
      return wires.computeIfPresent(wire, (id, w) -> cut(w, false)) == null
          ? Future.failedFuture(Fault.NOT_FOUND.because("no link has the wire " + wire))
          : Future.succeededFuture();
    }

    private static WireStatus cut(WireStatus w, boolean cut) {
      return new WireStatus(
          w.spec().withCut(cut),
          cut ? WireState.DOWN : WireState.UP,
          cut ? "cut by command" : null,
          w.since(),
          w.sent(),
          w.received());
    }

    @Override
    public Future<List<LinkStatus>> links() {
      return Future.succeededFuture(List.of());
    }

    @Override
    public Future<List<TopologyStatus>> list() {
      return Future.succeededFuture(List.copyOf(new TreeMap<>(topologies).values()));
    }

    @Override
    public Future<TopologyStatus> get(PodRef pod) {
      return topologies.containsKey(pod)
          ? Future.succeededFuture(topologies.get(pod))
          : unknown(pod);
    }

    @Override
    public Future<Topology> describe(PodRef pod) {
      return get(pod).map(TopologyStatus::topology);
    }

    private <T> Future<T> unknown(PodRef pod) {
      return Future.failedFuture(Fault.NOT_FOUND.because("topology " + pod + ": not known"));
    }

    @Override
    public Future<LinkStatus> addLink(SingleLink l) {
      String id =
          WireSpec.idOf("default", l.uid(), l.a().pod(), l.a().intf(), l.b().pod(), l.b().intf());
      LinkStatus status =
          new LinkStatus(
              l.a().pod(),
              l.uid(),
              l.a().intf(),
              l.a().address(),
              l.b().pod(),
              l.b().intf(),
              l.b().address(),
              id,
              l.kind(),
              l.mtu() == null ? 1500 : l.mtu(),
              "joining",
              null,
              null,
              null);
      singles.put(id, status);
      return Future.succeededFuture(status);
    }

    @Override
    public Future<Void> removeLink(String wire) {
      return singles.remove(wire) == null
          ? Future.failedFuture(
              Fault.CONFLICT.because("wire " + wire + ": a topology describes it"))
          : Future.succeededFuture();
    }
  }

  /** Time for a condition that another thread makes true. */
  public static final Duration SOON = Duration.ofSeconds(10);
}

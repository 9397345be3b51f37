package dev.weft.wire.meshnet;

import static dev.weft.testkit.TestCluster.addressOf;
import static dev.weft.testkit.TestCluster.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.weft.address.Cidr;
import dev.weft.linux.Ethtool;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.pod.PodRef;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.PlainGrpc;
import dev.weft.testkit.TestCluster;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import dev.weft.topology.Topologies;
import dev.weft.topology.Topology;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.GenerateNodeInterfaceNameRequest;
import dev.weft.wire.proto.GenerateNodeInterfaceNameResponse;
import dev.weft.wire.proto.Packet;
import dev.weft.wire.proto.Pod;
import dev.weft.wire.proto.PodQuery;
import dev.weft.wire.proto.RemotePod;
import dev.weft.wire.proto.SkipQuery;
import dev.weft.wire.proto.WireCreateResponse;
import dev.weft.wire.proto.WireDef;
import dev.weft.wire.proto.WireDownResponse;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.GrpcStatus;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Meshnet's CNI plugin and a foreign daemon against two real nodes. */
@Needs(Need.ROOT)
class MeshnetIT {
  private static final Duration WITHIN = Duration.ofSeconds(15);
  private static final String DAEMON = "127.0.0.1";
  private static final int MESHNET_PORT = 51111;

  @TempDir static Path directory;
  private static TestCluster cluster;
  private static long uid = 100;

  private final List<PlainGrpc> clients = new ArrayList<>();
  private TestNetns one;
  private TestNetns two;
  private Plugin plugin1;
  private Plugin plugin2;

  @BeforeAll
  static void startNodes() throws Exception {
    // The foreign daemon of these tests listens there, where a node would serve plugins.
    try (ServerSocket daemons =
        new ServerSocket(MESHNET_PORT, 1, InetAddress.getLoopbackAddress())) {
      cluster = TestCluster.start(directory, TestCluster.Shape.of(2).withMeshnet());
      assertThat(daemons.isBound()).isTrue();
    }
  }

  @AfterAll
  static void stopNodes() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void makePods() throws Exception {
    one = TestNetns.create("r1");
    two = TestNetns.create("r2");
    uid++;
    plugin1 = new Plugin(1, "r1", one);
    plugin2 = new Plugin(2, "r2", two);
    await(
        cluster
            .node(1)
            .room(Topologies.class)
            .apply(List.of(topology("r1", "r2", 1, 2), topology("r2", "r1", 2, 1))));
  }

  @AfterEach
  void removePods() throws Exception {
    plugin1.local("RemGRPCWire", plugin1.pod(), BoolResponse.getDefaultInstance());
    plugin2.local("RemGRPCWire", plugin2.pod(), BoolResponse.getDefaultInstance());
    plugin1.setAlive("", "", "");
    plugin2.setAlive("", "", "");
    for (PlainGrpc client : clients) {
      client.close();
    }
    one.close();
    two.close();
    for (int node = 1; node <= 2; node++) {
      int number = node;
      await().atMost(WITHIN).until(() -> await(wires(number).list()).isEmpty());
    }
  }

  private static Topology topology(String pod, String peer, int own, int other) {
    return new Topology(
        PodRef.parse(pod),
        List.of(
            new dev.weft.topology.TopologyLink(
                uid,
                peer,
                "eth1",
                "eth1",
                "12.12.12." + own + "/24",
                "12.12.12." + other + "/24",
                null,
                null)));
  }

  /** What a plugin does on its node. */
  private final class Plugin {
    final int node;
    final String name;
    final TestNetns netns;
    final PlainGrpc grpc;

    Plugin(int node, String name, TestNetns netns) {
      this.node = node;
      this.name = name;
      this.netns = netns;
      this.grpc = client(addressOf(node));
    }

    <R extends com.google.protobuf.Message> R local(
        String method, com.google.protobuf.Message request, R response) throws Exception {
      return grpc.call(
          "127.0.0.1", cluster.node(node).grpcPort(), "Local/" + method, request, response);
    }

    Pod get(String pod) throws Exception {
      return local(
          "Get",
          PodQuery.newBuilder().setName(pod).setKubeNs("default").build(),
          Pod.getDefaultInstance());
    }

    void setAlive(String srcIp, String path, String container) throws Exception {
      Pod pod =
          Pod.newBuilder()
              .setName(name)
              .setKubeNs("default")
              .setSrcIp(srcIp)
              .setNetNs(path)
              .setContainerId(container)
              .build();
      assertThat(local("SetAlive", pod, BoolResponse.getDefaultInstance()).getResponse()).isTrue();
    }

    WireDef pod() {
      return WireDef.newBuilder().setTopoNs("default").setLocalPodName(name).build();
    }

    boolean skip(String method, String peer, long link) throws Exception {
      SkipQuery query =
          SkipQuery.newBuilder()
              .setPod(name)
              .setPeer(peer)
              .setKubeNs("default")
              .setLinkId(link)
              .build();
      return local(method, query, BoolResponse.getDefaultInstance()).getResponse();
    }

    String path() {
      return "/run/netns/" + netns.name();
    }

    /** ADD, in meshnet's order. */
    void add() throws Exception {
      Pod self = get(name);
      setAlive(addressOf(node), path(), "container-" + netns.name());
      for (dev.weft.wire.proto.Link link : self.getLinksList()) {
        Pod peer = get(link.getPeerPod());
        if (peer.getSrcIp().isEmpty() || peer.getNetNs().isEmpty()) {
          assertThat(skip("Skip", link.getPeerPod(), link.getUid())).isTrue();
        } else {
          join(link, peer);
        }
      }
    }

    private void join(dev.weft.wire.proto.Link link, Pod peer) throws Exception {
      WireDef query =
          WireDef.newBuilder()
              .setLinkUid(link.getUid())
              .setLocalPodNetNs(path())
              .setTopoNs("default")
              .build();
      assertThat(local("GRPCWireExists", query, WireCreateResponse.getDefaultInstance()))
          .isEqualTo(WireCreateResponse.getDefaultInstance());
      String hostName =
          local(
                  "GenerateNodeInterfaceName",
                  GenerateNodeInterfaceNameRequest.newBuilder()
                      .setPodIntfName(link.getLocalIntf())
                      .setPodName(name)
                      .build(),
                  GenerateNodeInterfaceNameResponse.getDefaultInstance())
              .getNodeIntfName();
      int index = makeVeth(netns, hostName, link.getLocalIntf(), link.getLocalIp());
      WireCreateResponse made =
          grpc.call(
              peer.getSrcIp(),
              MESHNET_PORT,
              "Remote/AddGRPCWireRemote",
              WireDef.newBuilder()
                  .setWireIfIdOnPeerNode(index)
                  .setPeerNodeIp(addressOf(node))
                  .setIntfNameInPod(link.getPeerIntf())
                  .setLocalPodNetNs(peer.getNetNs())
                  .setLocalPodName(peer.getName())
                  .setLinkUid(link.getUid())
                  .setTopoNs("default")
                  .setLocalPodIp(link.getPeerIp())
                  .build(),
              WireCreateResponse.getDefaultInstance());
      assertThat(made.getResponse()).isTrue();
      WireDef mine =
          WireDef.newBuilder()
              .setWireIfIdOnPeerNode(made.getPeerIntfId())
              .setPeerNodeIp(peer.getSrcIp())
              .setWireIfNameOnLocalNode(hostName)
              .setLinkUid(link.getUid())
              .setLocalPodName(name)
              .setIntfNameInPod(link.getLocalIntf())
              .setLocalPodNetNs(path())
              .setLocalPodIp(link.getLocalIp())
              .setTopoNs("default")
              .build();
      for (int time = 1; time <= 2; time++) {
        assertThat(local("AddGRPCWireLocal", mine, BoolResponse.getDefaultInstance()).getResponse())
            .as("AddGRPCWireLocal, time %s", time)
            .isTrue();
      }
    }

    /** DEL, in meshnet's order. */
    void delete(String container) throws Exception {
      local("RemGRPCWire", pod(), BoolResponse.getDefaultInstance());
      Pod self = get(name);
      setAlive("", "", container);
      for (dev.weft.wire.proto.Link link : self.getLinksList()) {
        Pod peer = get(link.getPeerPod());
        WireDef def =
            WireDef.newBuilder()
                .setIntfNameInPod(link.getPeerIntf())
                .setLocalPodNetNs(peer.getNetNs())
                .setLocalPodName(peer.getName())
                .setLinkUid(link.getUid())
                .setTopoNs("default")
                .build();
        assertThat(
                grpc.call(
                        peer.getSrcIp(),
                        MESHNET_PORT,
                        "Remote/GRPCWireDownRemote",
                        def,
                        WireDownResponse.getDefaultInstance())
                    .getResponse())
            .isTrue();
        assertThat(skip("SkipReverse", link.getPeerPod(), link.getUid())).isTrue();
      }
    }
  }

  @Test
  void shouldJoinPodsAsThePluginAsks() throws Exception {
    // When
    plugin1.add();
    plugin2.add();

    // Then
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 1472));
    assertThat(ping(two, "12.12.12.1", 1472)).isTrue();
    Transfer.Result there = Transfer.tcp(one, two, "12.12.12.2", 128 << 20);
    Transfer.Result back = Transfer.tcp(two, one, "12.12.12.1", 128 << 20);
    System.out.printf(
        "meshnet wire, plain: %.2f and %.2f Gbit/s%n",
        there.gigabitsPerSecond(), back.gigabitsPerSecond());
    assertThat(there.received()).as("CRC r1 to r2").isEqualTo(there.sent());
    assertThat(back.received()).as("CRC r2 to r1").isEqualTo(back.sent());
    assertThat(checksumErrors(one)).as("checksum errors at r1").isZero();
    assertThat(checksumErrors(two)).as("checksum errors at r2").isZero();
    for (int node = 1; node <= 2; node++) {
      assertThat(await(wires(node).list()))
          .singleElement()
          .satisfies(
              wire -> {
                assertThat(wire.spec().ns()).isEqualTo("~meshnet");
                assertThat(wire.state()).isEqualTo(WireState.UP);
                assertThat(wire.sent().frames()).isGreaterThan(1000);
              });
    }
  }

  @Test
  void shouldRecordWhoWaitsForWhom() throws Exception {
    plugin1.add();

    awaitSkipped(plugin2, "r1", true);
    assertThat(plugin2.skip("IsSkipped", "r1", uid + 1)).as("on another link").isFalse();
    assertThat(plugin1.skip("IsSkipped", "r2", uid)).as("r2 waits for r1").isFalse();
    // r2 is not alive: nothing is moved to its list.
    assertThat(plugin1.skip("SkipReverse", "r2", uid)).isTrue();
    assertThat(plugin2.skip("IsSkipped", "r1", uid)).isTrue();
    plugin2.setAlive(addressOf(2), plugin2.path(), "");
    assertThat(plugin1.skip("SkipReverse", "r2", uid)).isTrue();
    awaitSkipped(plugin2, "r1", false);
    awaitSkipped(plugin1, "r2", true);
  }

  private static void awaitSkipped(Plugin plugin, String peer, boolean expected) {
    await()
        .atMost(WITHIN)
        .untilAsserted(
            () ->
                assertThat(plugin.skip("IsSkipped", peer, uid))
                    .as("%s waits for %s", peer, plugin.name)
                    .isEqualTo(expected));
  }

  @Test
  void shouldTellOtherNodesThatAPodIsAlive() throws Exception {
    plugin1.setAlive(addressOf(1), plugin1.path(), "c1");

    await().atMost(WITHIN).until(() -> plugin2.get("r1").getNetNs().equals(plugin1.path()));
    Pod pod = plugin2.get("r1");
    assertThat(pod.getSrcIp()).isEqualTo(addressOf(1));
    assertThat(pod.getContainerId()).isEqualTo("c1");
    assertThat(pod.getNodeIp()).isEqualTo(addressOf(2));
    assertThat(pod.getLinksList())
        .containsExactly(
            dev.weft.wire.proto.Link.newBuilder()
                .setUid(uid)
                .setPeerPod("r2")
                .setLocalIntf("eth1")
                .setPeerIntf("eth1")
                .setLocalIp("12.12.12.1/24")
                .setPeerIp("12.12.12.2/24")
                .build());
    // Another container's end changes nothing, its own does.
    plugin1.setAlive("", "", "c0");
    assertThat(plugin1.get("r1").getSrcIp()).isEqualTo(addressOf(1));
    plugin1.setAlive("", "", "c1");
    assertThat(plugin1.get("r1").getSrcIp()).isEmpty();
  }

  @Test
  void shouldNotKnowAPodOfNoTopology() throws Exception {
    Throwable failure = catchThrowable(() -> plugin1.get("nobody"));

    assertThat(PlainGrpc.statusOf(failure)).isEqualTo(GrpcStatus.NOT_FOUND);
    Plugin nobody = new Plugin(1, "nobody", one);
    nobody.setAlive("10.0.0.1", "/run/netns/x", "c");
  }

  @Test
  void shouldJoinAgainAfterThePodOfOneSideWasReplaced() throws Exception {
    // Given
    plugin1.add();
    plugin2.add();
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 56));

    // When r2 is deleted and comes again in another namespace
    plugin2.delete("container-" + two.name());
    awaitSkipped(plugin2, "r1", true);
    two.close();
    two = TestNetns.create("r2");
    plugin2 = new Plugin(2, "r2", two);
    plugin2.add();

    // Then; r2 speaks first, since r1 still knows the MAC address that it had
    await().atMost(WITHIN).until(() -> ping(two, "12.12.12.1", 1472));
    assertThat(ping(one, "12.12.12.2", 1472)).isTrue();
    assertThat(await(wires(1).list())).hasSize(1);
  }

  @Test
  void shouldKeepIdsOverARestart() throws Exception {
    // Given
    plugin1.add();
    plugin2.add();
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 56));

    // When both nodes start again, one after the other
    for (int node = 1; node <= 2; node++) {
      cluster.stop(node);
      cluster.restart(node);
    }

    // Then
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 1472));
    assertThat(ping(two, "12.12.12.1", 1472)).isTrue();
  }

  @Test
  void shouldGiveEachInterfaceNameOnce() throws Exception {
    Set<String> names = new HashSet<>();
    GenerateNodeInterfaceNameRequest request =
        GenerateNodeInterfaceNameRequest.newBuilder()
            .setPodName("a-very-long-pod-name.example")
            .setPodIntfName("eth1")
            .build();
    for (int i = 0; i < 10_000; i++) {
      GenerateNodeInterfaceNameResponse answer =
          plugin1.local(
              "GenerateNodeInterfaceName",
              request,
              GenerateNodeInterfaceNameResponse.getDefaultInstance());
      assertThat(answer.getOk()).isTrue();
      assertThat(answer.getNodeIntfName()).hasSizeBetween(1, 15).matches("[a-z0-9-]+");
      names.add(answer.getNodeIntfName());
    }
    assertThat(names).hasSize(10_000);
  }

  @Test
  @Needs(Need.PYTHON_GRPC)
  void shouldExchangeFramesWithADaemonThatHasNoStreams() throws Exception {
    // Given a plain daemon at 127.0.0.1 with a pod of its own
    String hostName = "wp" + Long.toString(System.nanoTime() % 1_000_000_000L, 36);
    makeVeth(two, hostName, "eth1", "12.12.12.2/24");
    try (Netns pod = two.open()) {
      // Without vnet headers a packet socket sees what the pod's kernel left unfinished.
      Ethtool.setOffload(pod, "eth1", Ethtool.Offload.TX_CHECKSUM, false);
    }
    WireDef def = remoteDef(one, "eth1", "r1", DAEMON, 77).setLocalPodIp("12.12.12.1/24").build();
    WireCreateResponse made = addRemote(client(DAEMON), def);
    assertThat(made.getResponse()).isTrue();
    File log = directory.resolve("daemon-" + uid + ".log").toFile();
    Process daemon =
        new ProcessBuilder(
                "/usr/bin/python3",
                Path.of("src/test/resources/meshnet/plain_daemon.py").toString(),
                DAEMON + ":" + MESHNET_PORT,
                hostName,
                addressOf(1) + ":" + MESHNET_PORT,
                String.valueOf(made.getPeerIntfId()))
            .redirectErrorStream(true)
            .redirectOutput(log)
            .start();
    try {
      await().atMost(WITHIN).until(() -> Files.readString(log.toPath()).contains("ready"));

      // When
      await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 1472));
      Transfer.Result there = Transfer.tcp(one, two, "12.12.12.2", 4 << 20);
      Transfer.Result back = Transfer.tcp(two, one, "12.12.12.1", 4 << 20);

      // Then
      assertThat(there.received()).as("CRC to the plain daemon's pod").isEqualTo(there.sent());
      assertThat(back.received()).as("CRC from it").isEqualTo(back.sent());
      assertThat(checksumErrors(two)).as("checksum errors, as the daemon's pod saw").isZero();
      assertThat(checksumErrors(one)).as("checksum errors, as r1 saw").isZero();
      assertThat(Files.readString(log.toPath())).isEqualTo("ready\n");
    } finally {
      daemon.destroyForcibly().onExit().join();
      try (Netlink host = Netlink.open()) {
        Optional<Link> link = host.link(hostName);
        if (link.isPresent()) {
          host.delete(link.get().index());
        }
      }
    }
  }

  @Test
  @Needs(Need.PYTHON_GRPC)
  void shouldListAndDescribeItsServicesOverOneStream() throws Exception {
    for (String version : List.of("v1", "v1alpha")) {
      Process process =
          new ProcessBuilder(
                  "/usr/bin/python3",
                  Path.of("src/test/resources/meshnet/reflection.py").toString(),
                  "127.0.0.1:" + cluster.node(1).grpcPort(),
                  version,
                  "meshnet.v1beta1.Local")
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);

      assertThat(output)
          .contains(
              "service meshnet.v1beta1.Local\n",
              "service meshnet.v1beta1.Remote\n",
              "service meshnet.v1beta1.WireProtocol\n",
              "service grpc.health.v1.Health\n",
              "method meshnet.v1beta1.Local/GenerateNodeInterfaceName\n",
              "method meshnet.v1beta1.WireProtocol/SendToStream\n",
              "health 1\n",
              "health of service 1\n");
      assertThat(process.waitFor()).isZero();
    }
  }

  @Test
  void shouldMakeAVxlanEnd() throws Exception {
    // When, as if from a foreign daemon at 127.0.0.1
    RemotePod end =
        RemotePod.newBuilder()
            .setNetNs(plugin1.path())
            .setIntfName("eth7")
            .setIntfIp("12.12.14.1/24")
            .setPeerVtep(DAEMON)
            .setVni(5000 + uid)
            .setKubeNs("default")
            .build();
    PlainGrpc daemon = client(DAEMON);
    for (int time = 1; time <= 2; time++) {
      assertThat(
              daemon
                  .call(
                      addressOf(1),
                      MESHNET_PORT,
                      "Remote/Update",
                      end,
                      BoolResponse.getDefaultInstance())
                  .getResponse())
          .isTrue();
    }

    // Then
    try (Netns pod = one.open();
        Netlink inPod = Netlink.open(pod)) {
      Link link = inPod.require("eth7");
      assertThat(link.vxlan().orElseThrow().vni()).isEqualTo(5000 + (int) uid);
      assertThat(link.up()).isTrue();
    }
    Throwable denied =
        catchThrowable(
            () ->
                daemon.call(
                    addressOf(1),
                    MESHNET_PORT,
                    "Remote/Update",
                    end.toBuilder().setPeerVtep("10.9.9.9").build(),
                    BoolResponse.getDefaultInstance()));
    assertThat(PlainGrpc.statusOf(denied)).isEqualTo(GrpcStatus.PERMISSION_DENIED);
  }

  @Test
  void shouldNotStayUpWhileTheOtherEndRefusesItsFrames() throws Exception {
    // An id that node 2 does not know.
    WireDef def =
        remoteDef(one, "eth1", "r1", addressOf(2), 999_999).setLocalPodIp("12.12.12.1/24").build();
    assertThat(addRemote(client(addressOf(2)), def).getResponse()).isTrue();

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              assertThat(ping(one, "12.12.12.2", 56)).isFalse();
              WireStatus wire = await(wires(1).list()).get(0);
              assertThat(wire.state()).isEqualTo(WireState.JOINING);
              assertThat(wire.reason()).contains("interface id 999999 is no wire's here");
              assertThat(wire.since()).isBefore(Instant.now().minusMillis(1500));
            });
  }

  @Test
  void shouldAnswerBadRequestsClearly() throws Exception {
    PlainGrpc daemon = client(DAEMON);
    WireDef good = remoteDef(one, "eth1", "r1", DAEMON, 77).build();

    assertThat(refused(daemon, good.toBuilder().setLocalPodNetNs("/run/netns/gone").build()))
        .isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(refused(daemon, good.toBuilder().setLocalPodNetNs("/proc/self/ns/net").build()))
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(refused(daemon, good.toBuilder().setLocalPodIp("12.12.12.300/24").build()))
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(refused(daemon, good.toBuilder().setPeerNodeIp("nonsense").build()))
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(refused(daemon, good.toBuilder().setPeerNodeIp("10.9.9.9").build()))
        .isEqualTo(GrpcStatus.PERMISSION_DENIED);
    assertThat(refused(daemon, good.toBuilder().setIntfNameInPod("a/b").build()))
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(refused(daemon, good.toBuilder().setIntfNameInPod("lo").build()))
        .isEqualTo(GrpcStatus.ALREADY_EXISTS);
    assertThat(refused(daemon, good.toBuilder().setLocalPodName("Not A Name").build()))
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(await(wires(1).list())).isEmpty();
    // Local is for programs of this host alone.
    Throwable denied =
        catchThrowable(
            () ->
                daemon.call(
                    addressOf(1),
                    MESHNET_PORT,
                    "Local/RemGRPCWire",
                    plugin1.pod(),
                    BoolResponse.getDefaultInstance()));
    assertThat(PlainGrpc.statusOf(denied)).isEqualTo(GrpcStatus.PERMISSION_DENIED);
    // The node's other end of the very same call works.
    assertThat(addRemote(daemon, good).getResponse()).isTrue();
  }

  @Test
  void shouldTurnAWireToTheHostThatAsksForItByDefault() throws Exception {
    addRemote(client(DAEMON), remoteDef(one, "eth1", "r1", DAEMON, 77).build());

    WireDef other = remoteDef(one, "eth1", "r1", "127.0.0.9", 78).build();
    assertThat(addRemote(client("127.0.0.9"), other).getResponse()).isTrue();

    assertThat(wireOf(other).spec().peer().node()).isEqualTo("127.0.0.9");
  }

  @Test
  void shouldMakeOneEndHoweverOftenItIsAskedAtOnce() throws Exception {
    // When
    PlainGrpc daemon = client(DAEMON);
    WireDef def = remoteDef(one, "eth1", "r1", DAEMON, 77).build();
    ExecutorService threads = Executors.newFixedThreadPool(32);
    List<Future<WireCreateResponse>> answers;
    try {
      Callable<WireCreateResponse> call = () -> addRemote(daemon, def);
      answers = threads.invokeAll(java.util.Collections.nCopies(1000, call));
    } finally {
      threads.shutdown();
    }

    // Then
    Set<Long> ids = new HashSet<>();
    for (Future<WireCreateResponse> answer : answers) {
      assertThat(answer.get().getResponse()).isTrue();
      ids.add(answer.get().getPeerIntfId());
    }
    assertThat(ids).as("interface ids").hasSize(1);
    assertThat(await(wires(1).list())).hasSize(1);
  }

  @Test
  void shouldDropBadFramesAndServeOthers() throws Exception {
    // Given two pods joined by plugins, and an end whose peer is somebody else
    plugin1.add();
    plugin2.add();
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 56));
    PlainGrpc daemon = client(DAEMON);
    WireDef def = remoteDef(one, "eth2", "r1", DAEMON, 77).setLinkUid(uid + 1000).build();
    long id = addRemote(daemon, def).getPeerIntfId();

    // Then frames for others' ends are refused
    assertThat(sendOnce(daemon, Packet.newBuilder().setRemotIntfId(id + 2), 60))
        .isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(sendOnce(client("127.0.0.9"), Packet.newBuilder().setRemotIntfId(id), 60))
        .isEqualTo(GrpcStatus.PERMISSION_DENIED);
    // And bad ones are dropped and counted
    for (int length : new int[] {0, 13, 70_000}) {
      assertThat(sendOnce(daemon, Packet.newBuilder().setRemotIntfId(id), length))
          .as("%s bytes", length)
          .isNull();
    }
    WireStatus status = wireOf(def);
    assertThat(status.received().drops()).isEqualTo(3);
    assertThat(status.received().frames()).isZero();
    // A length that lies is not believed: this frame is one.
    assertThat(sendOnce(daemon, Packet.newBuilder().setRemotIntfId(id).setFrameLen(9999), 60))
        .isNull();
    assertThat(wireOf(def).received().frames()).isEqualTo(1);
    assertThat(ping(one, "12.12.12.2", 1472)).as("the other wire").isTrue();
  }

  @Test
  void shouldStandAHundredThousandLyingHeaders() throws Exception {
    // Given two pods joined by plugins, and an end whose peer lies
    plugin1.add();
    plugin2.add();
    await().atMost(WITHIN).until(() -> ping(one, "12.12.12.2", 56));
    PlainGrpc daemon = client(DAEMON);
    WireDef def = remoteDef(one, "eth2", "r1", DAEMON, 77).setLinkUid(uid + 1000).build();
    long id = addRemote(daemon, def).getPeerIntfId();
    Buffer lies = Buffer.buffer();
    Random random = new Random(uid);
    for (int i = 0; i < 100_000; i++) {
      byte[] frame = new byte[20 + i % 64];
      byte[] header = new byte[10];
      random.nextBytes(frame);
      random.nextBytes(header);
      // Known flags and types now and then, so that the other fields are looked at.
      header[0] = i % 3 == 0 ? header[0] : 1;
      header[1] = i % 5 == 0 ? header[1] : (byte) (i % 6);
      byte[] message =
          Packet.newBuilder()
              .setRemotIntfId(id)
              .setFrame(ByteString.copyFrom(frame))
              .setVnetHeader(ByteString.copyFrom(header))
              .build()
              .toByteArray();
      lies.appendByte((byte) 0).appendInt(message.length).appendBytes(message);
    }

    // When
    int status = daemon.stream(addressOf(1), MESHNET_PORT, "WireProtocol/SendToStream", lies);

    // Then
    assertThat(status).isZero();
    WireStatus after = wireOf(def);
    assertThat(after.received().drops()).isGreaterThan(90_000);
    assertThat(after.received().drops() + after.received().frames())
        .isGreaterThanOrEqualTo(100_000);
    assertThat(ping(one, "12.12.12.2", 1472)).as("the other wire").isTrue();
    // And a stream that stops inside a message is told so.
    int cut =
        daemon.stream(addressOf(1), MESHNET_PORT, "WireProtocol/SendToStream", lies.slice(0, 60));
    assertThat(cut).isEqualTo(GrpcStatus.INVALID_ARGUMENT.code);
  }

  private WireStatus wireOf(WireDef def) throws Exception {
    return await(wires(1).list()).stream()
        .filter(w -> w.spec().uid() == def.getLinkUid())
        .findFirst()
        .orElseThrow();
  }

  /** The status; null for an answer. */
  private static GrpcStatus sendOnce(PlainGrpc daemon, Packet.Builder packet, int length) {
    byte[] frame = new byte[length];
    java.util.Arrays.fill(frame, (byte) 0xff);
    Packet message = packet.setFrame(ByteString.copyFrom(frame)).build();
    Throwable failure =
        catchThrowable(
            () ->
                daemon.call(
                    addressOf(1),
                    MESHNET_PORT,
                    "WireProtocol/SendToOnce",
                    message,
                    BoolResponse.getDefaultInstance()));
    return failure == null ? null : PlainGrpc.statusOf(failure);
  }

  private PlainGrpc client(String address) {
    PlainGrpc client = new PlainGrpc(address);
    clients.add(client);
    return client;
  }

  private static GrpcStatus refused(PlainGrpc daemon, WireDef def) {
    return PlainGrpc.statusOf(catchThrowable(() -> addRemote(daemon, def)));
  }

  private static WireCreateResponse addRemote(PlainGrpc daemon, WireDef def) throws Exception {
    return daemon.call(
        addressOf(1),
        MESHNET_PORT,
        "Remote/AddGRPCWireRemote",
        def,
        WireCreateResponse.getDefaultInstance());
  }

  private static WireDef.Builder remoteDef(
      TestNetns pod, String intf, String name, String peer, long peerId) {
    return WireDef.newBuilder()
        .setWireIfIdOnPeerNode(peerId)
        .setPeerNodeIp(peer)
        .setIntfNameInPod(intf)
        .setLocalPodNetNs("/run/netns/" + pod.name())
        .setLocalPodName(name)
        .setLinkUid(uid)
        .setTopoNs("default");
  }

  /** As koko does for the plugin: a pair between pod and host; the host end's index. */
  private static int makeVeth(TestNetns pod, String hostName, String intf, String address)
      throws Exception {
    try (Netns podNs = pod.open();
        Netlink inPod = Netlink.open(podNs);
        Netlink host = Netlink.open()) {
      Link link =
          host.createVeth(
              new VethSpec(hostName, 1500, "", true, false, new VethSpec.Peer(podNs, intf, 1500)));
      Link inside = inPod.require(intf);
      inPod.addAddress(inside.index(), Cidr.parse(address));
      inPod.setUp(inside.index());
      return link.index();
    }
  }

  private static Wires wires(int node) {
    return cluster.node(node).room(Wires.class);
  }

  /** Bad checksums that IP, TCP and UDP of a namespace saw. */
  private static long checksumErrors(TestNetns netns) throws Exception {
    String[] lines = netns.run("cat", "/proc/net/snmp").split("\n", -1);
    long errors = 0;
    for (int i = 0; i + 1 < lines.length; i += 2) {
      List<String> names = List.of(lines[i].split(" ", -1));
      int at = names.indexOf("InCsumErrors");
      errors += at < 0 ? 0 : Long.parseLong(lines[i + 1].split(" ", -1)[at]);
    }
    return errors;
  }

  private static boolean ping(TestNetns from, String address, int payload) throws Exception {
    try (Netns netns = from.open()) {
      return IcmpEcho.ping(
              netns, InetAddress.getByName(address), payload, true, Duration.ofSeconds(2))
          .isPresent();
    } catch (LinuxException e) {
      // No route or no address yet: as good as no answer.
      return false;
    }
  }
}

package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.linux.Netns;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two hosts and a router between them; the far half of the way has an MTU of its own. */
@Needs({Need.ROOT, Need.IPROUTE2})
class UdpLinkIT {
  private static final Clock CLOCK = Clock.systemUTC();
  private static final String FAR_4 = "10.2.0.2";
  private static final String FAR_6 = "[fd02::2]";

  @TempDir Path directory;
  @AutoClose private final TestNetns near = TestNetns.create("near");
  @AutoClose private final TestNetns router = TestNetns.create("router");
  @AutoClose private final TestNetns far = TestNetns.create("far");
  private final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  private Vertx nearVertx;
  private Vertx farVertx;
  private CertificateAuthority mesh;

  @BeforeEach
  void connect() throws Exception {
    link("near0", near, "r0", router);
    link("r1", router, "far0", far);
    address(near, "near0", "10.1.0.2/24", "fd01::2/64");
    address(router, "r0", "10.1.0.1/24", "fd01::1/64");
    address(router, "r1", "10.2.0.1/24", "fd02::1/64");
    address(far, "far0", FAR_4 + "/24", "fd02::2/64");
    router.run(
        "sh",
        "-c",
        "echo 1 | tee /proc/sys/net/ipv4/ip_forward" + " /proc/sys/net/ipv6/conf/all/forwarding");
    near.run("ip", "route", "add", "default", "via", "10.1.0.1");
    near.run("ip", "route", "add", "default", "via", "fd01::1");
    far.run("ip", "route", "add", "default", "via", "10.2.0.1");
    far.run("ip", "route", "add", "default", "via", "fd02::1");
    mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    nearVertx = in(near);
    farVertx = in(far);
  }

  private static void link(String name, TestNetns one, String peer, TestNetns other)
      throws Exception {
    one.run("ip", "link", "add", name, "type", "veth", "peer", "name", peer, "netns", other.name());
    one.run("ip", "link", "set", name, "up");
    other.run("ip", "link", "set", peer, "up");
  }

  private static void address(TestNetns host, String link, String ip4, String ip6)
      throws Exception {
    host.run("ip", "address", "add", ip4, "dev", link);
    host.run("ip", "address", "add", ip6, "dev", link, "nodad");
  }

  /** IPv6 is gone below 1280, and its addresses with it. */
  private void farMtu(int mtu) throws Exception {
    router.run("ip", "link", "set", "r1", "mtu", "" + mtu);
    far.run("ip", "link", "set", "far0", "mtu", "" + mtu);
  }

  /** Its threads are begun by threads of that namespace, and are born into it. */
  private static Vertx in(TestNetns host) throws Exception {
    try (Netns netns = host.open()) {
      return netns.call(
          () -> {
            Vertx vertx =
                Vertx.vertx(
                    new VertxOptions()
                        .setPreferNativeTransport(true)
                        .setEventLoopPoolSize(2)
                        .setWorkerPoolSize(1));
            for (int i = 0; i < 2; i++) {
              result(Loop.of(vertx).call(Future::succeededFuture));
            }
            result(vertx.executeBlocking(() -> 0));
            return vertx;
          });
    }
  }

  @AfterEach
  void close() throws Exception {
    result(nearVertx.close());
    result(farVertx.close());
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private Identity member(String name) {
    CertificateAuthority.Issued files = mesh.issueNode(directory, name, List.of(), 5);
    return Identity.load(
        new SecurityConfig(
            Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
        directory,
        CLOCK);
  }

  private static UdpKind kind(Vertx vertx, Identity identity) {
    return new UdpKind(vertx, List.of(Loop.of(vertx), Loop.of(vertx)), identity);
  }

  private Transport dial(String host) throws Exception {
    result(kind(farVertx, member("far")).listen(host + ":7654", accepted::add));
    return result(
        kind(nearVertx, member("near"))
            .dial(
                new MeshConfig.Link(
                    new MeshConfig.LinkAddress("udp", host + ":7654"),
                    Optional.empty(),
                    Optional.empty(),
                    0)));
  }

  private Transport accepted() throws InterruptedException {
    Transport transport = accepted.poll(20, TimeUnit.SECONDS);
    assertThat(transport).as("a link that was accepted").isNotNull();
    return transport;
  }

  /** A frame until it arrives; nothing is said of one that does not. */
  private static void carry(Transport from, ReceivedFrames to, int length) {
    await("a frame of " + length + " bytes")
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              TransportContract.send(from, List.of(TransportContract.frame(length)));
              return to.frames().stream().anyMatch(frame -> frame.length == length);
            });
    assertThat(to.frames().stream().filter(frame -> frame.length == length))
        .allSatisfy(frame -> assertThat(frame).isEqualTo(TransportContract.frame(length)));
  }

  private static boolean isWhole(Transport transport) throws Exception {
    return result(
        transport.loop().call(() -> Future.succeededFuture(((UdpTransport) transport).whole())));
  }

  @ParameterizedTest
  @ValueSource(strings = {FAR_4, FAR_6})
  void shouldCarryWholeFramesOverOrdinaryPaths(String host) throws Exception {
    Transport one = dial(host);
    Transport other = accepted();

    assertThat(isWhole(one)).isTrue();
    assertThat(isWhole(other)).isTrue();
    carry(one, ReceivedFrames.of(other), 1400);
  }

  @ParameterizedTest
  @ValueSource(strings = {FAR_4, FAR_6})
  void shouldCarryEveryFrameOverAnUnderlayOf1280(String host) throws Exception {
    farMtu(1280);

    Transport one = dial(host);
    Transport other = accepted();

    assertThat(isWhole(one)).isFalse();
    assertThat(isWhole(other)).isFalse();
    ReceivedFrames here = ReceivedFrames.of(one);
    ReceivedFrames there = ReceivedFrames.of(other);
    for (int length : new int[] {1, 100, 711, 712, 713, 999, 1000, 1001, 1200, 1399, 1400}) {
      carry(one, there, length);
      carry(other, here, length);
    }
  }

  /** QUIC would put short ones into one packet that is longer than what passes. */
  @Test
  void shouldCarryManyShortFramesAtOnceOverAnUnderlayOf1280() throws Exception {
    farMtu(1280);
    Transport one = dial(FAR_6);
    ReceivedFrames there = ReceivedFrames.of(accepted());

    TransportContract.send(
        one, IntStream.range(300, 400).mapToObj(TransportContract::frame).toList());

    await().until(() -> there.frames().size() == 100);
  }

  @ParameterizedTest
  @ValueSource(strings = {FAR_4, FAR_6})
  void shouldFollowThePathsMtu(String host) throws Exception {
    Transport one = dial(host);
    Transport other = accepted();
    ReceivedFrames here = ReceivedFrames.of(one);
    ReceivedFrames there = ReceivedFrames.of(other);
    carry(one, there, 1400);
    carry(other, here, 1400);

    farMtu(1280);
    long changed = System.nanoTime();
    carry(one, there, 1399);
    carry(other, here, 1399);
    System.out.printf("smaller MTU: %.1f s%n", (System.nanoTime() - changed) / 1e9);
    assertThat(isWhole(one) || isWhole(other)).isFalse();

    farMtu(1500);
    await().until(() -> isWhole(one) && isWhole(other));
    carry(one, there, 1398);
    assertThat(here.reasons()).isEmpty();
    assertThat(there.reasons()).isEmpty();
  }

  /** QUIC's window and queue are then full of what does not pass, and no probe gets through. */
  @Test
  void shouldNotStayWithWhatDoesNotPassWhenABusyPathGetsWorse() throws Exception {
    Transport one = dial(FAR_4);
    ReceivedFrames here = ReceivedFrames.of(one);
    carry(one, ReceivedFrames.of(accepted()), 1400);

    farMtu(1280);
    TransportContract.send(
        one, Stream.generate(() -> TransportContract.frame(1400)).limit(2000).toList());

    await().atMost(Duration.ofSeconds(8)).until(() -> !here.reasons().isEmpty() || !isWhole(one));
  }

  @Test
  void shouldEndWhenTheOtherEndIsGone() throws Exception {
    Transport one = dial(FAR_4);
    ReceivedFrames here = ReceivedFrames.of(one);

    router.run("ip", "link", "set", "r1", "down");

    await().atMost(Duration.ofSeconds(20)).until(() -> !here.reasons().isEmpty());
    assertThat(here.reasons()).containsExactly("nothing arrived for 10 s");
  }

  @Test
  void shouldNameTcpWhereQuicDoesNotPass() throws Exception {
    farMtu(1000);

    assertThat(catchThrowable(() -> dial(FAR_4)).getCause())
        .hasMessageContaining("udp://" + FAR_4 + ":7654: no answer within 5 s")
        .hasMessageContaining("1,200 bytes")
        .hasMessageContaining("tcp");
  }
}

package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.WeftException;
import dev.weft.identity.CertificateAuthority;
import dev.weft.mesh.peer.PeerList;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Peers through node processes: three nodes in a line, and programs of this JVM that are leaves of
 * the first and the last one.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class PeerProcessIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static ProcessCluster nodes;
  private static int programs;
  private Program near;
  private Program far;

  /** A program with a service that answers, and a channel to that of another. */
  private static final class Program implements AutoCloseable {
    private final Leaf leaf;
    private final Queue<String> answers = new ConcurrentLinkedQueue<>();
    private final Queue<String> closed = new ConcurrentLinkedQueue<>();
    private MeshChannel channel;

    Program(Leaf leaf) {
      this.leaf = leaf;
      await(
          leaf.export(
              "echo",
              ObjectKind.CHANNEL,
              (from, end) -> {
                MeshChannel own = (MeshChannel) end;
                own.handler(own::write);
                return Future.succeededFuture();
              }));
    }

    void connect(Program to) {
      channel =
          await(
              leaf.connect(to.leaf.id(), "echo", ObjectKind.CHANNEL)
                  .map(
                      end -> {
                        MeshChannel own = (MeshChannel) end;
                        own.handler(message -> answers.add(message.bytes().toString()));
                        own.onPeerClosed(closed::add);
                        return own;
                      }));
    }

    /** Writes, on the leaf's thread. */
    void say(String text) {
      await(
          leaf.peers(0)
              .compose(here -> channel.write(new ChannelMessage(Buffer.buffer(text), List.of()))));
    }

    List<String> services(Program of) {
      return await(leaf.peers(0)).peers().stream()
          .filter(peer -> peer.node().equals(of.leaf.id()))
          .map(PeerList.Entry::services)
          .findFirst()
          .orElseGet(List::of);
    }

    @Override
    public void close() {
      leaf.close();
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.timeout(30, TimeUnit.SECONDS).toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    nodes =
        ProcessCluster.startApart(
            directory,
            3,
            number ->
                """
                mesh:
                  punch: false
                  listen: [ "udp://%s:7654", "unix:%s" ]
                  links: [ %s ]
                """
                    .formatted(
                        ProcessCluster.addressOf(number),
                        socket(number),
                        number < 3
                            ? "{ to: \"udp://" + ProcessCluster.addressOf(number + 1) + "\" }"
                            : ""));
  }

  @AfterAll
  static void end() throws Exception {
    nodes.close();
  }

  @BeforeEach
  void open() {
    near = program(1, "near");
    far = program(3, "far");
    Awaitility.await("service of the far program")
        .atMost(SOON)
        .until(() -> near.services(far).equals(List.of("echo")));
    near.connect(far);
  }

  @AfterEach
  void close() {
    for (Program each : new Program[] {near, far}) {
      if (each != null) {
        each.close();
      }
    }
  }

  /** A program with a key of its own, whichever there were before. */
  private static Program program(int number, String name) {
    CertificateAuthority ca = CertificateAuthority.load(directory.resolve("ca"), Clock.systemUTC());
    Path own = directory.resolve(name + ++programs);
    CertificateAuthority.Issued files = ca.issueNode(own, name, List.of(), 30);
    return new Program(Leaf.open(socket(number), files.ca(), files.cert(), files.key()));
  }

  private static Path socket(int number) {
    return directory.resolve("mesh" + number + ".sock");
  }

  private void awaitAnswer(Program at, String text) {
    Awaitility.await(text)
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> at.answers.contains(text));
  }

  /** Whether a node answers over the near program's own connection to it. */
  private boolean answers(int number) {
    try {
      await(near.leaf.connect(nodes.id(number), "nothing", ObjectKind.CHANNEL));
      throw new AssertionError("connected to a service that does not exist");
    } catch (WeftException e) {
      return e.getMessage().equals("service: nothing (expected: one that the node exports)");
    }
  }

  @Test
  void shouldBePeersThroughNodesWithEveryNode() {
    near.say("hello");

    awaitAnswer(near, "hello");
    Awaitility.await("all are peers")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(await(near.leaf.peers(0)).peers())
                    .extracting(PeerList.Entry::node)
                    .contains(nodes.id(1), nodes.id(2), nodes.id(3), far.leaf.id()));
    assertThat(answers(1) && answers(2) && answers(3)).isTrue();
  }

  @Test
  void shouldGoOnAfterTheRelayStoodStillForAWhile() throws Exception {
    near.say("before");
    awaitAnswer(near, "before");

    // Its links are down after 2 s at most; a peer is given up 5 s later.
    nodes.freeze(2);
    near.say("meanwhile");
    Awaitility.await("no route")
        .atMost(SOON)
        .until(() -> await(near.leaf.routes()).stream().noneMatch(this::isFar));
    nodes.thaw(2);

    long back = System.nanoTime();
    awaitAnswer(near, "meanwhile");
    System.out.printf(
        "a channel through a relay that stood still: answers %d ms after it goes on%n",
        (System.nanoTime() - back) / 1_000_000);
    assertThat(near.closed).isEmpty();
  }

  private boolean isFar(MeshRoute route) {
    return route.destination().equals(far.leaf.id());
  }

  @Test
  void shouldCloseChannelsThroughARelayThatIsGoneAndConnectAgainWhenItIsBack() throws Exception {
    nodes.kill(2);
    long gone = System.nanoTime();
    Awaitility.await("PEER_CLOSED").atMost(SOON).until(() -> !near.closed.isEmpty());
    System.out.printf(
        "a channel through a relay that was killed: closed after %d ms, %s%n",
        (System.nanoTime() - gone) / 1_000_000, near.closed);

    nodes.start(2);
    nodes.awaitReady(2);
    Awaitility.await("connected again")
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(() -> near.connect(far));

    near.say("again");
    awaitAnswer(near, "again");
  }

  @Test
  void shouldTakeANodeThatBeganAnewForTheSamePeer() throws Exception {
    Awaitility.await("peer").atMost(SOON).until(() -> answers(3));

    nodes.kill(3);
    nodes.start(3);
    nodes.awaitReady(3);
    long ready = System.nanoTime();

    Awaitility.await("peer again").atMost(SOON).until(() -> answers(3));
    System.out.printf(
        "a node that began anew: answers %d ms after it is ready%n",
        (System.nanoTime() - ready) / 1_000_000);
    Awaitility.await("connected through it")
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(() -> near.connect(far));
    near.say("again");
    awaitAnswer(near, "again");
  }
}

package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.mesh.stream.Proxies;
import dev.weft.reach.PeerPorts;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ends of a channel move between four nodes, over QUIC, while each writes numbered messages to
 * the other all the time.
 */
class PeerTransferTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path directory;
  private PeerPorts ports;
  private final List<Member> members = new ArrayList<>();
  private final List<Side> sides = List.of(new Side(0), new Side(1));
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private volatile boolean writing = true;

  /** A node, which gives ends to the others over a channel to each. */
  private final class Member {
    private final PeerPorts.Node node;
    private final Peers peers;
    private final Map<Member, MeshChannel> carriers = new HashMap<>();

    Member(PeerPorts.Node node) {
      this.node = node;
      this.peers = TestPeers.at(node, fact -> {});
    }

    Future<Void> take(String from, MeshObject end) {
      ((MeshChannel) end)
          .handler(
              m -> sides.get(m.bytes().getInt(0)).arrive((MeshChannel) m.objects().get(0), this));
      return Future.succeededFuture();
    }

    void connect(Member other) {
      node.run(() -> peers.reachable(other.node.id().number(), true));
      Awaitility.await("connected")
          .atMost(SOON)
          .ignoreExceptions()
          .until(
              () -> {
                carriers.put(
                    other,
                    (MeshChannel)
                        node.call(
                            () ->
                                peers.connect(
                                    other.node.id().value(), "take", ObjectKind.CHANNEL)));
                return true;
              });
    }

    Proxies.Counters proxied() {
      return node.call(() -> Future.succeededFuture(peers.proxied()));
    }
  }

  /** One end, at whichever node it is; its fields belong to that node's loop. */
  private final class Side {
    private final int number;
    private volatile Member at;
    private MeshChannel channel;
    private int out;
    private volatile int in;
    private volatile int sent;

    Side(int number) {
      this.number = number;
    }

    void arrive(MeshChannel end, Member where) {
      channel = end;
      end.handler(
          m -> {
            if (m.bytes().getInt(0) != in) {
              faults.add(
                  "side %d read %d (expected: %d)".formatted(number, m.bytes().getInt(0), in));
            }
            in = m.bytes().getInt(0) + 1;
          });
      end.onPeerClosed(why -> faults.add("side " + number + " closed: " + why));
      at = where;
      write(end);
    }

    private void write(MeshChannel end) {
      if (channel != end || !writing) {
        return;
      }
      if (!end.writeQueueFull()) {
        Buffer bytes = Buffer.buffer().appendInt(out++).appendBytes(new byte[out % 3000]);
        var unused = end.write(ChannelMessage.of(bytes)).onFailure(e -> faults.add(e.getMessage()));
        sent = out;
      }
      var unused = at.node.loop().netty().schedule(() -> write(end), 300, TimeUnit.MICROSECONDS);
    }

    void move(Member to) {
      Member from = at;
      at = null;
      from.node.run(
          () -> {
            MeshChannel given = channel;
            channel = null;
            ChannelMessage message =
                new ChannelMessage(Buffer.buffer().appendInt(number), List.of(given));
            var unused =
                from.carriers.get(to).write(message).onFailure(e -> faults.add(e.getMessage()));
          });
    }
  }

  @BeforeEach
  void open() throws Exception {
    ports = PeerPorts.open(directory, 4, 1);
    for (int i = 0; i < 4; i++) {
      members.add(new Member(ports.node(i)));
    }
    members.forEach(
        m -> m.node.run(() -> m.peers.export("take", Set.of(), ObjectKind.CHANNEL, m::take)));
    for (Member one : members) {
      for (Member other : members) {
        if (one != other) {
          one.connect(other);
        }
      }
    }
    Member first = members.get(0);
    first.node.run(
        () -> {
          MeshChannel.Ends ends = MeshChannel.pair();
          sides.get(0).arrive(ends.one(), first);
          sides.get(1).arrive(ends.other(), first);
        });
  }

  @AfterEach
  void close() throws Exception {
    members.forEach(m -> m.node.run(() -> m.peers.close("the test is over")));
    ports.close();
  }

  private void move(int side, int to) {
    awaitHere(side);
    sides.get(side).move(members.get(to));
  }

  private void awaitHere(int side) {
    Awaitility.await("side " + side + " is somewhere " + faults)
        .atMost(SOON)
        .until(() -> sides.get(side).at != null);
  }

  /** Waits until some more has been read at both ends. */
  private void talk() {
    int one = sides.get(0).in;
    int other = sides.get(1).in;
    Awaitility.await("both ends read")
        .atMost(SOON)
        .failFast(() -> assertThat(faults).isEmpty())
        .until(() -> sides.get(0).in > one + 20 && sides.get(1).in > other + 20);
  }

  private void shouldBeComplete() {
    awaitHere(0);
    awaitHere(1);
    talk();
    writing = false;
    Awaitility.await("all that was written is read")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(faults).isEmpty();
              assertThat(sides.get(0).in).isEqualTo(sides.get(1).sent);
              assertThat(sides.get(1).in).isEqualTo(sides.get(0).sent);
            });
    for (int i = 0; i < 4; i++) {
      Member m = members.get(i);
      boolean apart = sides.get(0).at != sides.get(1).at;
      boolean here = sides.get(0).at == m || sides.get(1).at == m;
      // The carriers, three each way, and the channel if its other end is elsewhere.
      int expected = 6 + (apart && here ? 1 : 0);
      Awaitility.await("proxied at node " + i)
          .atMost(SOON)
          .untilAsserted(
              () -> {
                assertThat(m.proxied().now()).isEqualTo(expected);
                assertThat(m.proxied().drains()).isZero();
                assertThat(m.proxied().wrong()).isZero();
              });
    }
  }

  @Test
  void shouldMoveToAThirdNodeOnAndHomeAgain() {
    move(1, 1);
    talk();
    move(1, 2);
    move(1, 3);
    talk();
    move(1, 0);
    shouldBeComplete();
  }

  @Test
  void shouldMoveBothEndsToOneNode() {
    move(1, 1);
    talk();
    move(0, 2);
    move(1, 2);
    shouldBeComplete();
  }

  @Test
  void shouldMoveBothEndsToDifferentNodes() {
    move(1, 1);
    talk();
    move(1, 3);
    move(0, 2);
    shouldBeComplete();
  }

  @Test
  void shouldMoveBothEndsAgainAndAgain() {
    for (int i = 0; i < 40; i++) {
      move(0, (i + 1) % 4);
      move(1, (2 * i + 3) % 4);
    }
    shouldBeComplete();
  }
}

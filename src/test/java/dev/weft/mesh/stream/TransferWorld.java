package dev.weft.mesh.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Programs on the nodes of a {@link MemoryMesh} that pass the ends of pairs around and write
 * numbered messages to them all the time. Whatever an end reads must be the next number.
 */
final class TransferWorld {
  /** A pair, wherever its ends are. */
  static final class Pair {
    final int id;
    final ObjectKind kind;
    final Hand[] hands = new Hand[2];

    Pair(int id, ObjectKind kind) {
      this.id = id;
      this.kind = kind;
    }
  }

  /** One end as its program has it, or had it before it gave it away. */
  final class Hand {
    final Pair pair;
    final int side;
    int node;

    /** Null while it is on its way. */
    MeshObject object;

    /** The next number to write, and to read. */
    int out;

    int in;
    boolean ended;
    boolean sawEnd;
    String closed;

    Hand(Pair pair, int side, int node) {
      this.pair = pair;
      this.side = side;
      this.node = node;
    }

    Hand other() {
      return pair.hands[1 - side];
    }

    boolean usable() {
      return object != null && closed == null && !object.closed();
    }

    void take(MeshObject taken, int at) {
      object = taken;
      node = at;
      if (taken instanceof MeshChannel c) {
        c.handler(m -> read(m, at));
      } else if (taken instanceof MeshSocket s) {
        s.endHandler(v -> sawEnd = true);
        s.handler(this::read);
      }
      taken.onPeerClosed(why -> closed = why);
    }

    private void read(ChannelMessage message, int at) {
      number(message.bytes().getInt(0));
      if (!message.objects().isEmpty()) {
        arrived(message, 4, at);
      }
    }

    private void read(Buffer bytes) {
      if (pair.kind == ObjectKind.DATAGRAM_SOCKET) {
        number(bytes.getInt(0));
        return;
      }
      for (int i = 0; i < bytes.length(); i++) {
        if (bytes.getByte(i) != (byte) in) {
          throw fault("byte " + bytes.getByte(i) + " (expected: " + (byte) in + ")");
        }
        in++;
      }
    }

    private void number(int number) {
      if (number != in) {
        throw fault("message " + number + " (expected: " + in + ")");
      }
      in++;
    }

    private AssertionError fault(String what) {
      AssertionError fault =
          new AssertionError("pair " + pair.id + " side " + side + " at " + node + ": " + what);
      faults.add(fault);
      return fault;
    }

    void write() {
      if (!usable() || ended) {
        return;
      }
      switch (pair.kind) {
        case CHANNEL -> count(1, ((MeshChannel) object).write(ChannelMessage.of(numbered())));
        case DATAGRAM_SOCKET -> count(1, ((MeshSocket) object).write(numbered()));
        case STREAM_SOCKET -> {
          byte[] bytes = new byte[1 + random.nextInt(3000)];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (out + i);
          }
          count(bytes.length, ((MeshSocket) object).write(Buffer.buffer(bytes)));
        }
        default -> {
          int set = 1 << random.nextInt(8);
          int clear = (1 << random.nextInt(8)) & ~set;
          out = (out & ~clear) | set;
          object.signal(set, clear);
        }
      }
    }

    private void count(int numbers, Future<Void> written) {
      if (written.succeeded()) {
        out += numbers;
      }
    }

    private Buffer numbered() {
      Buffer buffer = Buffer.buffer().appendInt(out);
      return random.nextInt(4) == 0 ? buffer.appendBytes(new byte[random.nextInt(20_000)]) : buffer;
    }

    /** Stops reading, or goes on. */
    void pause(boolean yes) {
      if (!usable() || (yes && !mayPause)) {
        return;
      }
      if (object instanceof MeshChannel c) {
        if (yes) {
          c.pause();
        } else {
          c.resume();
        }
      } else if (object instanceof MeshSocket s) {
        if (yes) {
          s.pause();
        } else {
          s.resume();
        }
      }
    }

    void end() {
      if (usable() && !ended && object instanceof MeshSocket s) {
        ended = true;
        s.end();
      }
    }

    /** Gives the end away in a message of another pair; false if that cannot be. */
    boolean moveIn(Hand carrier) {
      if (!usable() || !carrier.usable() || carrier.node != node || carrier.pair.id >= pair.id) {
        return false;
      }
      Buffer label = Buffer.buffer().appendInt(carrier.out).appendInt(pair.id).appendInt(side);
      MeshObject given = object;
      object = null;
      carrier.count(
          1, ((MeshChannel) carrier.object).write(new ChannelMessage(label, List.of(given))));
      return true;
    }

    /** Gives the end to another node. */
    void move(int to) {
      if (!usable() || to == node) {
        return;
      }
      MeshObject given = object;
      object = null;
      Buffer label = Buffer.buffer().appendInt(pair.id).appendInt(side);
      carriers.get(node + ">" + to).write(new ChannelMessage(label, List.of(given)));
    }
  }

  final MemoryMesh mesh;
  final int size;
  final Random random;
  final List<Pair> pairs = new ArrayList<>();
  final List<AssertionError> faults = new ArrayList<>();
  private boolean mayPause = true;
  private final Map<String, MeshChannel> carriers = new HashMap<>();
  private final Map<String, MeshChannel> carried = new HashMap<>();

  TransferWorld(int size, long seed) {
    this.size = size;
    mesh = new MemoryMesh(size, seed);
    random = mesh.random();
    for (int from = 0; from < size; from++) {
      for (int to = 0; to < size; to++) {
        if (from != to) {
          connect(from, to);
        }
      }
    }
    mesh.run();
  }

  private void connect(int from, int to) {
    MeshChannel.Ends ends = MeshChannel.pair();
    long stream = mesh.proxies(from).open(ends.other(), mesh.dialled(from, to));
    MeshChannel there =
        (MeshChannel) mesh.proxies(to).receive(ObjectKind.CHANNEL, stream, mesh.accepted(from, to));
    there.handler(m -> arrived(m, 0, to));
    carriers.put(from + ">" + to, ends.one());
    carried.put(from + ">" + to, there);
  }

  private void arrived(ChannelMessage message, int at, int node) {
    Hand hand = pairs.get(message.bytes().getInt(at)).hands[message.bytes().getInt(at + 4)];
    hand.take(message.objects().get(0), node);
  }

  /** A new pair, both of whose ends are at one node. */
  Pair create(ObjectKind kind, int node) {
    Pair pair = new Pair(pairs.size(), kind);
    pairs.add(pair);
    End end = End.pair(kind);
    MeshObject one = MeshObject.of(end);
    MeshObject other = MeshObject.of(end.partner);
    pair.hands[0] = new Hand(pair, 0, node);
    pair.hands[1] = new Hand(pair, 1, node);
    pair.hands[0].take(one, node);
    pair.hands[1].take(other, node);
    return pair;
  }

  /** Loses the connections between two nodes, and makes new ones. */
  void cut(int one, int other) {
    mesh.cut(one, other);
    connect(one, other);
    connect(other, one);
  }

  Hand any() {
    return pairs.get(random.nextInt(pairs.size())).hands[random.nextInt(2)];
  }

  void writeAll() {
    pairs.forEach(
        p -> {
          p.hands[0].write();
          p.hands[1].write();
        });
  }

  /** Delivers some of what is under way. */
  void steps(int most) {
    for (int i = random.nextInt(most); i > 0 && mesh.step(); i--) {}
    assertThat(faults).isEmpty();
  }

  /** Every end reads, also those that arrive meanwhile. */
  private void resume() {
    mayPause = false;
    pairs.forEach(
        p -> {
          p.hands[0].pause(false);
          p.hands[1].pause(false);
        });
  }

  /** All that is under way arrives, and nothing of it is missing. */
  void shouldBeComplete() {
    resume();
    mesh.pass(1);
    assertThat(faults).isEmpty();
    for (Pair p : pairs) {
      for (Hand h : p.hands) {
        String what = "pair " + p.id + " " + p.kind + " side " + h.side + " at " + h.node;
        assertThat(h.object).as(what).isNotNull();
        assertThat(h.closed == null || h.closed.isEmpty()).as(what + ": " + h.closed).isTrue();
        if (p.kind == ObjectKind.EVENT_PAIR) {
          assertThat(h.object.signals()).as(what).isEqualTo(h.other().out);
        } else {
          assertThat(h.in).as(what).isEqualTo(h.other().out);
        }
        assertThat(h.sawEnd).as(what).isEqualTo(h.other().ended);
      }
    }
  }

  /** An end that misses something that was written to it knows that its peer is closed. */
  void shouldBeCompleteOrTold() {
    resume();
    mesh.pass(300_000);
    assertThat(faults).isEmpty();
    for (Pair p : pairs) {
      for (Hand h : p.hands) {
        Hand other = h.other();
        boolean all = p.kind == ObjectKind.EVENT_PAIR || h.in == other.out;
        if (h.object != null && h.closed == null && !(all && other.object != null)) {
          throw new AssertionError(
              "pair %d %s side %d at %d read %d of %d and was told nothing"
                  .formatted(p.id, p.kind, h.side, h.node, h.in, other.out));
        }
      }
    }
  }

  /** Exactly the pairs whose ends are at two nodes are proxied, once at each of the two. */
  void shouldProxyOnlyWhatIsApart() {
    for (int n = 0; n < size; n++) {
      int node = n;
      long apart =
          pairs.stream()
              .filter(p -> p.hands[0].node != p.hands[1].node)
              .filter(p -> p.hands[0].closed == null && p.hands[1].closed == null)
              .filter(p -> p.hands[0].node == node || p.hands[1].node == node)
              .count();
      Proxies.Counters counters = mesh.proxies(node).counters();
      assertThat((long) counters.now())
          .as("node " + node + ": " + counters)
          .isEqualTo(apart + 2L * (size - 1));
      assertThat(counters.drains()).isZero();
      assertThat(counters.wrong()).isZero();
    }
  }

  /** When all is closed, nothing is left. */
  void shouldLeaveNothing() {
    for (Pair p : pairs) {
      for (Hand h : p.hands) {
        if (h.object != null) {
          h.object.close();
        }
      }
    }
    carriers.values().forEach(MeshObject::close);
    carried.values().forEach(MeshObject::close);
    mesh.pass(600_000);
    for (int n = 0; n < size; n++) {
      Proxies.Counters counters = mesh.proxies(n).counters();
      assertThat(counters.now()).as("node " + n + ": " + counters).isZero();
      assertThat(counters.drains()).as("node " + n + ": " + counters).isZero();
      assertThat(counters.waiting()).as("node " + n + ": " + counters).isZero();
    }
    assertThat(mesh.streams()).as(mesh::open).isZero();
  }
}

package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Nodes with two connections between each two of them, in one thread and simulated time. What is
 * under way is delivered in an order that the seed decides: in order within a stream, in any order
 * between them, in pieces of any size.
 */
final class MemoryMesh {
  private static final int WINDOW = 64 << 10;

  private final Random random;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Link> links = new LinkedHashMap<>();
  private final List<Deque<Runnable>> queues = new ArrayList<>();
  private final TreeMap<Long, Deque<Timer>> timers = new TreeMap<>();
  private long now;

  /** The most bytes that waited in any stream. */
  int mostWaiting;

  /** Something that happens in a node. */
  private static final class Timer {
    private final Runnable task;
    private boolean cancelled;

    Timer(Runnable task) {
      this.task = task;
    }
  }

  MemoryMesh(int size, long seed) {
    random = new Random(seed);
    for (int i = 0; i < size; i++) {
      nodes.add(new Node(i));
    }
    for (int from = 0; from < size; from++) {
      for (int to = 0; to < size; to++) {
        if (from != to) {
          links.put(from + ">" + to, new Link(from, to));
        }
      }
    }
  }

  Random random() {
    return random;
  }

  Proxies proxies(int node) {
    return nodes.get(node).proxies;
  }

  /** The connection that one node has dialled to another, as the dialler sees it. */
  Side dialled(int from, int to) {
    return links.get(from + ">" + to).client;
  }

  /** The same, as the one sees it that was dialled. */
  Side accepted(int from, int to) {
    return links.get(from + ">" + to).server;
  }

  /** Loses both connections between two nodes, and makes new ones. */
  void cut(int one, int other) {
    for (String name : List.of(one + ">" + other, other + ">" + one)) {
      Link old = links.get(name);
      links.put(name, new Link(old.client.self, old.server.self));
      old.lose();
    }
  }

  /** A queue whose entries are run in order; which queue is next, the seed decides. */
  Deque<Runnable> queue() {
    Deque<Runnable> queue = new ArrayDeque<>();
    queues.add(queue);
    return queue;
  }

  /** Does one thing that is under way. */
  boolean step() {
    int start = queues.isEmpty() ? 0 : random.nextInt(queues.size());
    for (int i = 0; i < queues.size(); i++) {
      Deque<Runnable> queue = queues.get((start + i) % queues.size());
      Runnable next = queue.poll();
      if (next != null) {
        next.run();
        return true;
      }
    }
    List<End> ready = new ArrayList<>();
    links.values().forEach(l -> l.ready(ready));
    if (ready.isEmpty()) {
      return false;
    }
    ready.get(random.nextInt(ready.size())).deliver();
    return true;
  }

  /** Does what is under way. */
  void run() {
    int steps = 0;
    while (step()) {
      if (++steps > 5_000_000) {
        throw new AssertionError("comes to no rest");
      }
    }
  }

  /** Lets time pass, and what it brings about happen. */
  void pass(long millis) {
    long until = now + millis;
    run();
    while (!timers.isEmpty() && timers.firstKey() <= until) {
      now = timers.firstKey();
      Deque<Timer> due = timers.pollFirstEntry().getValue();
      for (Timer t : due) {
        if (!t.cancelled) {
          t.task.run();
        }
      }
      run();
    }
    now = until;
  }

  /** The streams that are not over. */
  String open() {
    List<String> open = new ArrayList<>();
    for (Link l : links.values()) {
      for (Side s : List.of(l.client, l.server)) {
        for (End e : s.ends.values()) {
          open.add(
              "%d>%d stream %d: arrived %s, accepted %s, reader %s, paused %s, wrote %s, ended %s, waiting %d"
                  .formatted(
                      s.self,
                      s.peer,
                      e.id,
                      e.arrived,
                      e.accepted,
                      e.reader,
                      e.paused,
                      e.wrote,
                      e.ended,
                      e.waiting));
        }
      }
    }
    return String.join("\n", open);
  }

  /** How many streams are not over, of all connections. */
  int streams() {
    return links.values().stream().mapToInt(l -> l.streams()).sum();
  }

  /** A node. */
  private final class Node implements StreamPeers {
    private final int self;
    private final Proxies proxies;

    Node(int self) {
      this.self = self;
      proxies = new Proxies(this, MemoryMesh.this::later, keys());
    }

    private RandomGenerator keys() {
      return new Random(random.nextLong());
    }

    @Override
    public long self() {
      return self;
    }

    @Override
    public Future<PeerStream> openTransfer(long node, byte[] key) {
      Promise<PeerStream> opened = Promise.promise();
      Link link = links.get(self + ">" + node);
      if (link == null || link.lost != null) {
        return Future.failedFuture(Fault.UNAVAILABLE.because("node " + node + ": no way"));
      }
      link.control.add(
          () -> {
            if (link.lost != null) {
              opened.fail(link.lost);
              return;
            }
            PeerStream stream = link.client.open();
            opened.complete(stream);
            link.control.add(
                () -> {
                  if (link.lost == null) {
                    proxies((int) node).openTransfer(link.server, stream.id(), key);
                  }
                });
          });
      return opened.future();
    }
  }

  private Runnable later(long millis, Runnable task) {
    Timer timer = new Timer(task);
    timers.computeIfAbsent(now + millis, at -> new ArrayDeque<>()).add(timer);
    return () -> timer.cancelled = true;
  }

  /** A connection. */
  private final class Link {
    private final Side client;
    private final Side server;
    private final Deque<Runnable> control = queue();
    private String lost;

    Link(int from, int to) {
      client = new Side(this, from, to, true);
      server = new Side(this, to, from, false);
      client.other = server;
      server.other = client;
    }

    void ready(List<End> ready) {
      for (Side side : List.of(client, server)) {
        for (End end : side.ends.values()) {
          if (end.isReady()) {
            ready.add(end);
          }
        }
      }
    }

    int streams() {
      client.ends.values().removeIf(End::over);
      server.ends.values().removeIf(End::over);
      return client.ends.size() + server.ends.size();
    }

    void lose() {
      lost = "connection lost";
      for (Side side : List.of(client, server)) {
        List.copyOf(side.ends.values()).forEach(e -> e.broken(lost));
        side.ends.clear();
        side.awaited.values().forEach(p -> p.tryFail(lost));
      }
    }
  }

  /** One side of a connection. */
  final class Side implements StreamConnection {
    private final Link link;
    private final int self;
    private final int peer;
    private final boolean dialled;
    private final Map<Long, End> ends = new LinkedHashMap<>();
    private final Map<Long, Promise<PeerStream>> awaited = new HashMap<>();
    private Side other;
    private long next;

    Side(Link link, int self, int peer, boolean dialled) {
      this.link = link;
      this.self = self;
      this.peer = peer;
      this.dialled = dialled;
    }

    @Override
    public long node() {
      return peer;
    }

    @Override
    public boolean dialled() {
      return dialled;
    }

    @Override
    public PeerStream open() {
      return open(0);
    }

    @Override
    public PeerStream openOneWay() {
      return open(2);
    }

    private End open(int way) {
      long id = next++ * 4 + (dialled ? 0 : 1) + way;
      End here = new End(this, id, true);
      End there = new End(other, id, false);
      here.other = there;
      there.other = here;
      if (way == 2) {
        there.wrote = true;
        there.finished = true;
        here.ended = true;
      }
      if (link.lost != null) {
        here.broken(link.lost);
        return here;
      }
      ends.put(id, here);
      other.ends.put(id, there);
      return here;
    }

    @Override
    public Future<PeerStream> accepted(long id) {
      Promise<PeerStream> promise = Promise.promise();
      if (link.lost != null) {
        return Future.failedFuture(link.lost);
      }
      End end = ends.get(id);
      if (end != null && end.arrived && !end.accepted) {
        end.accepted = true;
        return Future.succeededFuture(end);
      }
      if (awaited.putIfAbsent(id, promise) != null || (end != null && end.accepted)) {
        return Future.failedFuture("stream " + id + ": asked for again");
      }
      return promise.future();
    }
  }

  /** One end of a stream. */
  final class End implements PeerStream {
    private final Side side;
    private final long id;
    private End other;
    private Reader reader;
    private boolean paused;

    /** The opener's end, or the stream has been seen at this end. */
    private boolean arrived;

    private boolean accepted;

    /** What was written at this end and has not reached the other. */
    private final Deque<ByteBuf> written = new ArrayDeque<>();

    private int waiting;
    private boolean full;
    private boolean wrote;

    /** The other end has been told that no more comes. */
    private boolean finished;

    /** This end has been told so. */
    private boolean ended;

    private String reset;
    private boolean gone;

    End(Side side, long id, boolean opener) {
      this.side = side;
      this.id = id;
      arrived = opener;
      accepted = opener;
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public StreamConnection connection() {
      return side;
    }

    @Override
    public boolean write(ByteBuf bytes) {
      if (wrote || gone) {
        bytes.release();
        return true;
      }
      waiting += bytes.readableBytes();
      mostWaiting = Math.max(mostWaiting, waiting);
      byte[] copy = new byte[bytes.readableBytes()];
      bytes.readBytes(copy);
      bytes.release();
      written.add(Unpooled.wrappedBuffer(copy));
      full = waiting >= WINDOW;
      return !full;
    }

    @Override
    public void finish() {
      wrote = true;
    }

    @Override
    public void reset() {
      if (gone) {
        return;
      }
      gone = true;
      written.clear();
      other.written.clear();
      other.reset = "stream reset by the other end";
    }

    @Override
    public void read(Reader next) {
      reader = next;
      if (gone && reset != null) {
        next.onReset(reset);
      }
    }

    @Override
    public void pause() {
      paused = true;
    }

    @Override
    public void resume() {
      paused = false;
    }

    void broken(String reason) {
      if (!gone) {
        gone = true;
        written.clear();
        reset = reason;
        if (reader != null) {
          reader.onReset(reason);
        }
      }
    }

    private boolean over() {
      return gone || (ended && finished && wrote && written.isEmpty());
    }

    private boolean isReady() {
      if (gone) {
        return false;
      }
      if (!arrived) {
        return !other.written.isEmpty() || other.wrote || reset != null;
      }
      if (reset != null) {
        return true;
      }
      if (full && waiting < WINDOW / 2) {
        return true;
      }
      boolean more = !other.written.isEmpty() || (other.wrote && !ended);
      return reader != null && !paused && more;
    }

    private void deliver() {
      if (!arrived) {
        arrived = true;
        Promise<PeerStream> awaited = side.awaited.remove(id);
        if (awaited != null) {
          accepted = true;
          awaited.complete(this);
        }
      } else if (reset != null) {
        broken(reset);
      } else if (full && waiting < WINDOW / 2) {
        full = false;
        if (reader != null) {
          reader.onWritable();
        }
      } else if (other.written.isEmpty()) {
        ended = true;
        other.finished = true;
        reader.onEnd();
      } else {
        deliverBytes();
      }
    }

    private void deliverBytes() {
      ByteBuf first = other.written.peek();
      if (first.readableBytes() == 0) {
        other.written.remove();
        return;
      }
      int most = random.nextInt(4) == 0 ? 16 : WINDOW;
      ByteBuf piece = first.readSlice(Math.min(first.readableBytes(), 1 + random.nextInt(most)));
      if (!first.isReadable()) {
        other.written.remove();
      }
      other.waiting -= piece.readableBytes();
      reader.onBytes(piece);
    }
  }
}

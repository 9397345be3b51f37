package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.StreamRef;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A node's proxied objects: binds ends to streams to other nodes, and moves them on. For the mesh's
 * loop.
 */
public final class Proxies {
  /**
   * What is proxied.
   *
   * @param now ends that are proxied at present
   * @param drains streams at present that carry what had arrived at an end before it moved on
   * @param waiting transfers that wait for their other side at present
   * @param total ends that ever were proxied
   * @param moved ends that left this node after having been proxied here
   * @param rejoined pairs whose ends met in this node again
   * @param failed transfers that ended in PEER_CLOSED
   * @param wrong streams that were ended because of what came
   */
  public record Counters(
      int now,
      int drains,
      int waiting,
      long total,
      long moved,
      long rejoined,
      long failed,
      long wrong) {}

  /** How many ends are proxied in a node, at most. */
  public static final int MAX = 65_536;

  /** How long one waits for another node's next step, at most. */
  public static final long PATIENCE_MILLIS = 60_000;

  private final StreamPeers peers;
  private final StreamTimers timers;
  private final RandomGenerator random;
  private final Meetings meetings = new Meetings(this);
  private final Set<Proxy> proxies = new HashSet<>();
  private int drains;
  private long total;
  private long moved;
  private long rejoined;
  private long failed;
  private long wrong;

  /**
   * @param random of a kind that nobody can guess: it makes the keys of transfers
   */
  public Proxies(StreamPeers peers, StreamTimers timers, RandomGenerator random) {
    this.peers = peers;
    this.timers = timers;
    this.random = random;
  }

  /**
   * Gives an end away over a new stream, which this opens. For an end whose other end is in this
   * node, as those of a new pair are.
   *
   * @return the stream's number
   * @throws WeftException PRECONDITION if the other end is elsewhere already, or the end was given
   *     away before; EXHAUSTED if too many ends are proxied
   */
  public long open(MeshObject end, StreamConnection to) {
    if (isProxied(end.here())) {
      throw Fault.PRECONDITION.because("object: its other end is at another node");
    }
    End taken = end.take();
    try {
      return give(taken, to).streamId();
    } catch (RuntimeException e) {
      taken.close(e.getMessage());
      throw e;
    }
  }

  private static boolean isProxied(End end) {
    return end.partner.holder != null && !end.partner.holder.isHome();
  }

  private Proxy give(End end, StreamConnection to) {
    checkRoom();
    PeerStream stream = to.open();
    Proxy proxy = new Proxy(this, end);
    end.in.signalAnew();
    proxy.open(stream, true);
    return proxy;
  }

  /** Gives an end away to another node, which is then told of it on the same connection. */
  Future<Departure> depart(MeshObject object, StreamConnection to) {
    End end = object.take();
    try {
      if (isProxied(end)) {
        return end.partner.holder.depart(end, to);
      }
      boolean ended = end.out.hasEnded();
      return Future.succeededFuture(give(end, to).created(ended));
    } catch (RuntimeException e) {
      end.close(e.getMessage());
      return Future.failedFuture(e);
    }
  }

  /**
   * Takes an end that another node has given away. It can be used at once; if its stream does not
   * come, it sees that its peer is closed.
   *
   * @throws WeftException INVALID for a reference that says nothing, EXHAUSTED if too many ends are
   *     proxied
   */
  public MeshObject receive(ObjectRef ref, StreamConnection from) {
    check(ref);
    checkRoom();
    End end = End.pair(ref.getKind());
    if (ref.getEnded()) {
      end.out.end();
    }
    Proxy proxy = new Proxy(this, end.partner);
    MeshObject object = MeshObject.of(end);
    proxy.arrive(ref.getStream(), from);
    return object;
  }

  /** Takes an end that comes by a stream of its own, as one does that connects to a service. */
  public MeshObject receive(ObjectKind kind, long stream, StreamConnection from) {
    return receive(
        ObjectRef.newBuilder()
            .setKind(kind)
            .setStream(StreamRef.newBuilder().setCreating(stream))
            .build(),
        from);
  }

  private void checkRoom() {
    if (proxies.size() >= MAX) {
      throw Fault.EXHAUSTED.because(MAX + " objects are proxied (expected: fewer)");
    }
  }

  private static void check(ObjectRef ref) {
    if (ref.getKind() == ObjectKind.UNRECOGNIZED) {
      throw Fault.invalid("object", ref.getKindValue(), "a kind from 0 to 3");
    }
    StreamRef stream = ref.getStream();
    switch (stream.getRefCase()) {
      case CREATING -> {}
      case TRANSFER_INITIATOR -> checkKey(stream.getTransferInitiator().getTransferKey());
      case TRANSFER_AWAITER -> checkKey(stream.getTransferAwaiter().getTransferKey());
      case REF_NOT_SET -> throw Fault.invalid("object", "no stream", "a stream");
    }
  }

  static void checkKey(ByteString key) {
    if (key.size() != Meetings.KEY_BYTES) {
      throw Fault.invalid("transfer key", key.size() + " bytes", Meetings.KEY_BYTES + " bytes");
    }
  }

  /**
   * Takes the stream of a transfer, which another node has opened. The end that it belongs to may
   * still be on its way here; the stream is ended with an error if none comes within a minute.
   *
   * @throws WeftException INVALID for a key that is not 16 bytes, CONFLICT for one whose transfer
   *     has been opened, EXHAUSTED if too many wait, of all nodes or of this one; the stream is
   *     ended then
   */
  public void openTransfer(StreamConnection from, long stream, byte[] key) {
    ByteString transfer = ByteString.copyFrom(key);
    Future<PeerStream> coming = accepted(from, stream);
    try {
      checkKey(transfer);
    } catch (WeftException e) {
      coming.onSuccess(PeerStream::reset);
      throw e;
    }
    meetings.open(transfer, coming, from.node());
  }

  public Counters counters() {
    return new Counters(
        proxies.size(), drains, meetings.size(), total, moved, rejoined, failed, wrong);
  }

  /** Ends all that is proxied: every end here sees that its peer is closed. */
  public void close(String reason) {
    List.copyOf(proxies).forEach(p -> p.fail(reason));
  }

  StreamPeers peers() {
    return peers;
  }

  Meetings meetings() {
    return meetings;
  }

  Future<PeerStream> accepted(StreamConnection from, long id) {
    try {
      return from.accepted(id);
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  Runnable later(long millis, Runnable task) {
    return timers.after(millis, task);
  }

  ByteString newKey() {
    byte[] key = new byte[Meetings.KEY_BYTES];
    random.nextBytes(key);
    return ByteString.copyFrom(key);
  }

  void add(Proxy proxy) {
    proxies.add(proxy);
    total++;
  }

  void remove(Proxy proxy) {
    proxies.remove(proxy);
  }

  void drains(int change) {
    drains += change;
  }

  void moved() {
    moved++;
  }

  void rejoined() {
    rejoined++;
  }

  void failed() {
    failed++;
  }

  void wrong() {
    wrong++;
  }
}

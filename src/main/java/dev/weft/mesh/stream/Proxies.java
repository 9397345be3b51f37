package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.StreamRef;
import io.vertx.core.Future;
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
   * @param total ends that ever were
   * @param moved ends that left this node and were proxied before, completed
   * @param rejoined pairs whose ends met in this node again
   * @param failed transfers that ended in PEER_CLOSED
   */
  public record Counters(int now, long total, long moved, long rejoined, long failed) {}

  /**
   * @param random of a kind that nobody can guess: it makes the keys of transfers
   */
  public Proxies(StreamPeers peers, StreamTimers timers, RandomGenerator random) {}

  /**
   * Gives an end away over a new stream, which this opens. For an end whose other end is in this
   * node, as those of a new pair are.
   *
   * @return the stream's number
   * @throws dev.weft.bus.WeftException PRECONDITION if the other end is elsewhere already
   */
  public long open(MeshObject end, StreamConnection to) {
    throw Fault.UNAVAILABLE.because("no proxies");
  }

  /**
   * Gives an end away to another node.
   *
   * @return what tells that node of it, on the same connection
   */
  Future<StreamRef> send(MeshObject end, StreamConnection to) {
    return Future.failedFuture(Fault.UNAVAILABLE.because("no proxies"));
  }

  /**
   * Takes an end that another node has given away. It can be used at once; if its stream does not
   * come, it sees that its peer is closed.
   *
   * @throws dev.weft.bus.WeftException INVALID for a reference that says nothing
   */
  public MeshObject receive(ObjectRef ref, StreamConnection from) {
    throw Fault.UNAVAILABLE.because("no proxies");
  }

  /**
   * Takes the stream of a transfer, which another node has opened. The end that it belongs to may
   * still be on its way here; the stream is ended with an error if none comes in time.
   *
   * @throws dev.weft.bus.WeftException INVALID for a key that is not 16 bytes, CONFLICT for one
   *     whose transfer has been opened, EXHAUSTED if too many wait
   */
  public void openTransfer(StreamConnection from, long stream, byte[] key) {
    throw Fault.UNAVAILABLE.because("no proxies");
  }

  public Counters counters() {
    return new Counters(0, 0, 0, 0, 0);
  }
}

package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** Where the two sides of a transfer find each other in a node, by its key. */
final class Meetings {
  static final int KEY_BYTES = 16;

  /** How many transfers wait in a node, at most. */
  static final int MAX = 1024;

  /** How many that one other node has brought. */
  static final int MAX_OF_ONE = 256;

  /** Who came first. */
  private sealed interface First {
    /** The node from which it came. */
    long from();
  }

  /** An end that is in this node. */
  private record Here(Proxy proxy, long from) implements First {}

  /** A stream that another node has opened to the end. */
  private record Opened(Future<PeerStream> stream, Runnable clock, long from) implements First {}

  /** An end that is no more: whoever comes for it is told why. */
  private record Gone(String reason, long from) implements First {}

  private final Proxies proxies;
  private final Map<ByteString, First> waiting = new HashMap<>();

  Meetings(Proxies proxies) {
    this.proxies = proxies;
  }

  int size() {
    return waiting.size();
  }

  /**
   * An end is here, and waits for the other one.
   *
   * @param from the node that said so
   */
  void arrive(ByteString key, Proxy proxy, long from) {
    First first = waiting.get(key);
    if (first instanceof Gone gone) {
      proxy.fail(gone.reason());
    } else if (first instanceof Here here) {
      waiting.remove(key);
      new Reunion(proxies, here.proxy(), proxy).begin();
    } else if (first instanceof Opened opened) {
      waiting.remove(key);
      opened.clock().run();
      proxy.accept(opened.stream());
    } else if (isFull(from)) {
      proxy.fail(full(from));
    } else {
      waiting.put(key, new Here(proxy, from));
    }
  }

  private boolean isFull(long from) {
    return waiting.size() >= MAX || of(from) >= MAX_OF_ONE;
  }

  private long of(long node) {
    return waiting.values().stream().filter(first -> first.from() == node).count();
  }

  private String full(long from) {
    return waiting.size() >= MAX
        ? "transfer: " + MAX + " others wait here (expected: fewer)"
        : "transfer: "
            + of(from)
            + " others of node "
            + NodeId.text(from)
            + " wait here"
            + " (expected: fewer than "
            + MAX_OF_ONE
            + ")";
  }

  /** Another node has opened a stream to an end. */
  void open(ByteString key, Future<PeerStream> stream, long from) {
    First first = waiting.get(key);
    if (first instanceof Gone gone) {
      refuse(stream, gone.reason());
    } else if (first instanceof Here here) {
      waiting.remove(key);
      here.proxy().accept(stream);
    } else if (first instanceof Opened) {
      refuse(stream, "transfer " + hex(key) + ": opened already");
      throw Fault.CONFLICT.because("transfer " + hex(key) + ": opened already");
    } else if (isFull(from)) {
      refuse(stream, "transfer: too many wait");
      throw Fault.EXHAUSTED.because(full(from));
    } else {
      waiting.put(key, new Opened(stream, clock(key, () -> notFound(key, stream)), from));
    }
  }

  private void notFound(ByteString key, Future<PeerStream> stream) {
    proxies.wrong();
    refuse(stream, "transfer " + hex(key) + ": not found (expected: the key of one to this node)");
  }

  /** An end that waited is no more. */
  void leave(ByteString key, Proxy proxy, String reason) {
    if (waiting.get(key) instanceof Here here && here.proxy() == proxy) {
      waiting.put(key, new Gone(reason, here.from()));
      clock(key, () -> {});
    }
  }

  private Runnable clock(ByteString key, Runnable then) {
    return proxies.later(
        Proxies.PATIENCE_MILLIS,
        () -> {
          waiting.remove(key);
          then.run();
        });
  }

  private void refuse(Future<PeerStream> stream, String reason) {
    stream.onSuccess(
        come -> {
          come.write(SmallFrames.shutdown(reason));
          come.finish();
          come.read(new Lingering(proxies, come));
        });
  }

  private static String hex(ByteString key) {
    return HexFormat.of().formatHex(key.toByteArray());
  }
}

package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.bus.Fault;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** Where the two sides of a transfer find each other in a node, by its key. */
final class Meetings {
  static final int KEY_BYTES = 16;

  /** How many transfers wait in a node, at most. */
  static final int MAX = 1024;

  /** Who came first. */
  private sealed interface First {}

  /** An end that is in this node. */
  private record Here(Proxy proxy) implements First {}

  /** A stream that another node has opened to the end. */
  private record Opened(Future<PeerStream> stream, Runnable clock) implements First {}

  /** An end that is no more: whoever comes for it is told why. */
  private record Gone(String reason) implements First {}

  private final Proxies proxies;
  private final Map<ByteString, First> waiting = new HashMap<>();

  Meetings(Proxies proxies) {
    this.proxies = proxies;
  }

  int size() {
    return waiting.size();
  }

  /** An end is here, and waits for the other one. */
  void arrive(ByteString key, Proxy proxy) {
    First first = waiting.get(key);
    if (first instanceof Gone gone) {
      proxy.fail(gone.reason());
    } else if (first instanceof Here here) {
      waiting.remove(key);
      here.proxy().join(proxy);
    } else if (first instanceof Opened opened) {
      waiting.remove(key);
      opened.clock().run();
      proxy.accept(opened.stream());
    } else if (waiting.size() >= MAX) {
      proxy.fail("transfer: " + MAX + " others wait here (expected: fewer)");
    } else {
      waiting.put(key, new Here(proxy));
    }
  }

  /** Another node has opened a stream to an end. */
  void open(ByteString key, Future<PeerStream> stream) {
    First first = waiting.get(key);
    if (first instanceof Gone gone) {
      refuse(stream, gone.reason());
    } else if (first instanceof Here here) {
      waiting.remove(key);
      here.proxy().accept(stream);
    } else if (first instanceof Opened) {
      refuse(stream, "transfer " + hex(key) + ": opened already");
      throw Fault.CONFLICT.because("transfer " + hex(key) + ": opened already");
    } else if (waiting.size() >= MAX) {
      refuse(stream, "transfer: too many wait");
      throw Fault.EXHAUSTED.because("transfer: " + MAX + " others wait here (expected: fewer)");
    } else {
      waiting.put(key, new Opened(stream, clock(key, () -> notFound(key, stream))));
    }
  }

  private void notFound(ByteString key, Future<PeerStream> stream) {
    proxies.wrong();
    refuse(stream, "transfer " + hex(key) + ": not found (expected: the key of one to this node)");
  }

  /** An end that waited is no more. */
  void leave(ByteString key, Proxy proxy, String reason) {
    if (waiting.get(key) instanceof Here here && here.proxy() == proxy) {
      waiting.put(key, new Gone(reason));
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

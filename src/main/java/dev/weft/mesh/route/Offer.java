package dev.weft.mesh.route;

import java.util.Arrays;
import java.util.List;

/** A path that begins at the other end of a link: what was announced there, or that end itself. */
final class Offer {
  /** A frame may pass so many nodes, the destination among them. */
  static final int MAX_HOPS = 32;

  /** The link's peer first, the destination last. */
  private final long[] path;

  private final long rttMicros;

  /** What this was read from; null for the peer itself. */
  private final RouteAnnouncement source;

  /** What this node would announce as hops; null until it does. */
  private List<Long> onward;

  private Offer(long[] path, long rttMicros, RouteAnnouncement source) {
    this.path = path;
    this.rttMicros = rttMicros;
    this.source = source;
  }

  /** The peer itself, at no distance from itself. */
  static Offer of(long peer) {
    return new Offer(new long[] {peer}, 0, null);
  }

  /** What the peer announces to this node; null if it cannot be so. */
  static Offer read(RouteAnnouncement announced, long peer, long self) {
    int passed = announced.hops().size();
    if (passed == 0 || passed >= MAX_HOPS || announced.rttMicros() < 0) {
      return null;
    }
    long[] path = new long[passed + 1];
    for (int i = 0; i < passed; i++) {
      path[i] = announced.hops().get(passed - 1 - i);
    }
    path[passed] = announced.destination();
    return path[0] == peer && simple(path, self)
        ? new Offer(path, announced.rttMicros(), announced)
        : null;
  }

  private static boolean simple(long[] path, long self) {
    for (int i = 0; i < path.length; i++) {
      if (path[i] == self) {
        return false;
      }
      for (int j = 0; j < i; j++) {
        if (path[i] == path[j]) {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether this was read from the same words. */
  boolean says(RouteAnnouncement announced) {
    return announced.equals(source);
  }

  /** What a node tells its own peers that reaches the destination by this path. */
  RouteAnnouncement announcedBy(long self, long rttFromSelf) {
    if (onward == null) {
      Long[] passed = new Long[path.length];
      for (int i = 0; i < path.length - 1; i++) {
        passed[i] = path[path.length - 2 - i];
      }
      passed[path.length - 1] = self;
      onward = List.of(passed);
    }
    return new RouteAnnouncement(destination(), onward, rttFromSelf);
  }

  long destination() {
    return path[path.length - 1];
  }

  long rttMicros() {
    return rttMicros;
  }

  boolean passes(long node) {
    for (long hop : path) {
      if (hop == node) {
        return true;
      }
    }
    return false;
  }

  boolean samePath(Offer other) {
    return Arrays.equals(path, other.path);
  }

  /** The RTT of a path that ends with this one, as it compares with one that ends with another. */
  long beside(Offer other, long rtt) {
    return Metric.beside(rtt, path.length - other.path.length);
  }

  boolean shorterThan(Offer other) {
    return path.length < other.path.length;
  }

  /** Fewer hops first, then lower ids. */
  int comparePath(Offer other) {
    return path.length == other.path.length
        ? Arrays.compareUnsigned(path, other.path)
        : Integer.compare(path.length, other.path.length);
  }

  List<Long> hops() {
    return Arrays.stream(path).boxed().toList();
  }
}

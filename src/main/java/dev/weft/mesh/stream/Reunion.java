package dev.weft.mesh.stream;

/**
 * Two proxies find that each leads to the other's end, in this node. If neither end moves on, the
 * ends become partners, and nothing is proxied any more; each proxy only sees to what is left on
 * its drain. If one moves on, the other proxy goes on with its new node. If both do, they meet
 * there.
 */
final class Reunion {
  private final Proxies proxies;
  private final Proxy one;
  private final Proxy other;

  Reunion(Proxies proxies, Proxy one, Proxy other) {
    this.proxies = proxies;
    this.one = one;
    this.other = other;
  }

  /** Begins once no drain precedes any more what the two pairs carry. */
  void begin() {
    one.whenSettled(() -> other.whenSettled(this::settled));
  }

  private void settled() {
    if (!one.isOpening() || !other.isOpening()) {
      one.fail("transfer: the other end is gone");
      other.fail("transfer: the other end is gone");
      return;
    }
    Transfer ones = one.met();
    Transfer others = other.met();
    if (ones == null && others == null) {
      pair();
    } else if (ones == null) {
      follow(one, other, others);
    } else if (others == null) {
      follow(other, one, ones);
    } else {
      leave(one, other);
      leave(other, one);
      ones.initiates(others.destination, others.key);
      others.awaits(ones.destination);
    }
  }

  private void pair() {
    End first = one.held().partner;
    End second = other.held().partner;
    first.partner = second;
    second.partner = first;
    feed(one, other);
    feed(other, one);
    proxies.rejoined();
  }

  /** What the one proxy's partner writes goes straight to the other's, behind the drain. */
  private static void feed(Proxy to, Proxy from) {
    End end = to.held();
    end.holder = null;
    to.home(true);
    to.peer(from);
    end.out.unsettle();
    to.afterDrain(
        () -> {
          end.out.append(from.held().in);
          from.held().partner.out = end.out;
          end.out.settle();
          to.done();
        });
  }

  /** One end, which came here, moves on: the other's proxy goes on with its new node. */
  private void follow(Proxy staying, Proxy leaving, Transfer move) {
    leaving.handOver();
    staying.home(false);
    staying.peer(leaving);
    staying.afterDrain(
        () -> {
          staying.held().out.append(leaving.held().in);
          staying.peer(null);
        });
    move.initiates(move.destination, move.key);
    proxies.moved();
    leaving.done();
    staying.openTo(move.destination, move.key);
  }

  /** Both ends came here and move on at once. */
  private void leave(Proxy leaving, Proxy with) {
    End end = leaving.held();
    leaving.peer(with);
    leaving.afterDrain(
        () -> {
          end.out.append(with.held().in);
          end.out.handOver();
        });
    proxies.moved();
    leaving.done();
  }
}

package dev.weft.wire.path;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Behind which port of a segment an address is, by the frames that came from there. Any thread may
 * use it; the caller supplies the time. When it is full, new addresses are not learned and frames
 * to them go to all ports.
 *
 * @param <P> a port
 */
final class MacTable<P> {
  /** Addresses of one segment. */
  static final int MOST = 4096;

  /** As IEEE 802.1D recommends. */
  static final long AGE_NANOS = TimeUnit.SECONDS.toNanos(300);

  /** How exactly the time is kept, and how often a full table is swept. */
  private static final long STEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Map<Long, Place<P>> places = new ConcurrentHashMap<>();
  private final AtomicLong swept = new AtomicLong(Long.MIN_VALUE / 2);

  private record Place<P>(P port, long seen) {}

  /** A frame from an address came in by a port. */
  void learn(long mac, P port, long now) {
    Place<P> known = places.get(mac);
    if (known != null && known.port.equals(port) && now - known.seen < STEP_NANOS) {
      return;
    }
    if (known == null && places.size() >= MOST && !sweep(now)) {
      return;
    }
    places.put(mac, new Place<>(port, now));
  }

  /** Removes what is too old; whether there is room then. */
  private boolean sweep(long now) {
    long last = swept.get();
    if (now - last >= STEP_NANOS && swept.compareAndSet(last, now)) {
      places.values().removeIf(place -> now - place.seen > AGE_NANOS);
    }
    return places.size() < MOST;
  }

  /** The port; null if it is not known. */
  P find(long mac, long now) {
    Place<P> place = places.get(mac);
    return place == null || now - place.seen > AGE_NANOS ? null : place.port;
  }

  /** A port is gone. */
  void forget(P port) {
    places.values().removeIf(place -> place.port.equals(port));
  }

  int size() {
    return places.size();
  }
}

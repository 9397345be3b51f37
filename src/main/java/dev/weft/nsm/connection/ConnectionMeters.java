package dev.weft.nsm.connection;

import dev.weft.nsm.ConnectionState;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;

/** Counts what becomes of connections: those that healed, ended, heal now, and are stuck. */
public final class ConnectionMeters {
  /** Long enough for every attempt that succeeds; {@code nsm.heal} may be longer. */
  private static final Duration STUCK = Duration.ofMinutes(1);

  private final Clock clock;
  private final Timer heals;
  private final Counter ended;

  /** As of the last look; the gauges are read on other threads. */
  private volatile int healing;

  private volatile int stuck;

  public ConnectionMeters(MeterRegistry meters, Connections connections, Clock clock) {
    this.clock = clock;
    this.heals =
        Timer.builder("weft_nsm_heal")
            .description("From the loss of an endpoint or an interface until frames cross again")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    this.ended =
        Counter.builder("weft_nsm_connections_ended")
            .description("Connections that this node removed its end of")
            .register(meters);
    Gauge.builder("weft_nsm_connections", connections, Connections::size)
        .description("Connections with an end on this node")
        .register(meters);
    Gauge.builder("weft_nsm_connections_healing", this, m -> m.healing)
        .description("Connections that are healing or being removed")
        .register(meters);
    Gauge.builder("weft_nsm_connections_stuck", this, m -> m.stuck)
        .description("Connections that have not been up for more than a minute")
        .register(meters);
  }

  /** A connection's life went on. */
  public void changed(ConnectionLife before, ConnectionLife next) {
    if (before.state() == ConnectionState.HEALING && next.state() == ConnectionState.UP) {
      heals.record(Duration.between(before.changed(), next.changed()));
    } else if (before.state() != null && next.state() == null) {
      ended.increment();
    }
  }

  /** Counts those that are not up; on the room's event loop. */
  public void look(Collection<ConnectionEntry> all) {
    Instant before = clock.instant().minus(STUCK);
    int heal = 0;
    int stick = 0;
    for (ConnectionEntry entry : all) {
      ConnectionLife life = entry.life();
      heal += life.state() == ConnectionState.HEALING ? 1 : 0;
      stick += life.state() != ConnectionState.UP && life.changed().isBefore(before) ? 1 : 0;
    }
    healing = heal;
    stuck = stick;
  }
}

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
import java.util.HashMap;
import java.util.Map;

/** Counts what becomes of connections: those that healed, ended, heal now, and are stuck. */
public final class ConnectionMeters {
  /** Long enough for every attempt that succeeds; {@code nsm.heal} may be longer. */
  private static final Duration STUCK = Duration.ofMinutes(1);

  private final Clock clock;
  private final Timer heals;
  private final Timer chainHeals;
  private final Counter ended;

  /** Since when chains that were up are not, by the client's connection. */
  private final Map<String, Instant> broken = new HashMap<>();

  /** As of the last look; the gauges are read on other threads. */
  private volatile int healing;

  private volatile int stuck;
  private volatile int chains;
  private volatile int chainsUp;

  public ConnectionMeters(MeterRegistry meters, Connections connections, Clock clock) {
    this.clock = clock;
    this.heals =
        Timer.builder("weft_nsm_heal")
            .description("From the loss of an endpoint or an interface until frames cross again")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    this.chainHeals =
        Timer.builder("weft_nsm_chain_heal")
            .description("From the loss of any hop of a chain until frames cross all of it again")
            .publishPercentiles(0.5, 0.99)
            .register(meters);
    this.ended =
        Counter.builder("weft_nsm_connections_ended")
            .description("Connections that this node removed its end of")
            .register(meters);
    Gauge.builder("weft_nsm_connections", connections, Connections::size)
        .description("Connections with an end on this node")
        .register(meters);
    Gauge.builder("weft_nsm_chains", this, m -> m.chains)
        .description("Connections of clients here to chains of services")
        .register(meters);
    Gauge.builder("weft_nsm_chains_up", this, m -> m.chainsUp)
        .description("Of those, the ones of which every hop is up")
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

  /** What a client's connection to a chain is, all hops together, may have changed. */
  public void chainChanged(ConnectionEntry entry) {
    String id = entry.connection().id();
    if (entry.life().isOver()) {
      broken.remove(id);
    } else if (!entry.isUp()) {
      // That its hops were not looked at since the node's start is no loss.
      if (entry.wasUp() && !entry.isTailUnseen()) {
        broken.putIfAbsent(id, clock.instant());
      }
    } else if (broken.containsKey(id)) {
      chainHeals.record(Duration.between(broken.remove(id), clock.instant()));
    }
  }

  /** Counts those that are not up; on the room's event loop. */
  public void look(Collection<ConnectionEntry> all) {
    Instant before = clock.instant().minus(STUCK);
    int heal = 0;
    int stick = 0;
    int whole = 0;
    int ofChains = 0;
    for (ConnectionEntry entry : all) {
      ConnectionLife life = entry.life();
      Instant since =
          life.state() != ConnectionState.UP
              ? life.changed()
              : broken.getOrDefault(entry.connection().id(), Instant.MAX);
      heal += entry.state() == ConnectionState.HEALING ? 1 : 0;
      stick += since.isBefore(before) ? 1 : 0;
      ofChains += entry.isOfChain() ? 1 : 0;
      whole += entry.isOfChain() && entry.isUp() ? 1 : 0;
    }
    healing = heal;
    stuck = stick;
    chains = ofChains;
    chainsUp = whole;
  }
}

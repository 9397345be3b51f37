package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.identity.SettableClock;
import dev.weft.nsm.Mechanism;
import dev.weft.pod.PodRef;
import dev.weft.room.Backoff;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConnectionMetersTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final SettableClock clock = new SettableClock(START.plusSeconds(100));
  private final ConnectionMeters meters = new ConnectionMeters(registry, null, clock);

  private static ConnectionLife up() {
    return ConnectionLife.agreed(START).wayUp(START).joined(START);
  }

  @Test
  void shouldMeasureFromTheLossToTheMomentFramesCrossAgain() {
    ConnectionLife lost = up().lost("its interface is gone", START.plusSeconds(5));
    ConnectionLife again =
        lost.begun(START.plusSeconds(6))
            .failed("nobody answers", Duration.ofSeconds(1), PATIENCE, START.plusSeconds(7))
            .begun(START.plusSeconds(8));

    meters.changed(up(), lost);
    meters.changed(lost, again);
    meters.changed(again, again.wayUp(START.plusSeconds(9)).joined(START.plusSeconds(9)));

    assertThat(registry.get("weft_nsm_heal").timer().count()).isEqualTo(1);
    assertThat(registry.get("weft_nsm_heal").timer().totalTime(TimeUnit.SECONDS)).isEqualTo(4);
  }

  @Test
  void shouldCountEnds() {
    ConnectionLife ending = up().ending("closed", START);

    meters.changed(up(), ending);
    meters.changed(ending, ending.ended(START));

    assertThat(registry.get("weft_nsm_connections_ended").counter().count()).isEqualTo(1);
    assertThat(registry.get("weft_nsm_heal").timer().count()).isZero();
  }

  @Test
  void shouldTellThoseThatHealFromThoseThatAreStuck() {
    ConnectionLife late = up().lost("its interface is gone", START.plusSeconds(99));
    ConnectionLife stuck = up().wayDown("the wire is down", START.plusSeconds(5));

    meters.look(List.of(entry(up()), entry(late), entry(stuck)));

    assertThat(registry.get("weft_nsm_connections_healing").gauge().value()).isEqualTo(1);
    assertThat(registry.get("weft_nsm_connections_stuck").gauge().value()).isEqualTo(1);
  }

  @Test
  void shouldMeasureChainsFromTheLossOfAnyHopUntilAllAreThere() {
    ConnectionEntry chain = entry(up(), ChainHop.first("secure", List.of("firewall", "vpn")));
    chain.leadsTo(new ChainTail(true, null, List.of(), List.of()));
    meters.chainChanged(chain);
    meters.look(List.of(chain, entry(up())));
    assertThat(gauge("weft_nsm_chains")).isEqualTo(1);
    assertThat(gauge("weft_nsm_chains_up")).isEqualTo(1);

    // When a later hop heals, for longer than a minute
    chain.leadsTo(new ChainTail(false, "hop 2 (vpn): healing", List.of(), List.of()));
    meters.chainChanged(chain);
    clock.pass(Duration.ofSeconds(61));
    meters.look(List.of(chain));

    // Then
    assertThat(gauge("weft_nsm_chains_up")).isZero();
    assertThat(gauge("weft_nsm_connections_healing")).isEqualTo(1);
    assertThat(gauge("weft_nsm_connections_stuck")).isEqualTo(1);

    // And when it is up again
    chain.leadsTo(new ChainTail(true, null, List.of(), List.of()));
    meters.chainChanged(chain);
    meters.chainChanged(chain);
    assertThat(registry.get("weft_nsm_chain_heal").timer().count()).isEqualTo(1);
    assertThat(registry.get("weft_nsm_chain_heal").timer().totalTime(TimeUnit.SECONDS))
        .isEqualTo(61);
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  private static ConnectionEntry entry(ConnectionLife life) {
    return entry(life, null);
  }

  private static ConnectionEntry entry(ConnectionLife life, ChainHop hop) {
    Connection connection =
        new Connection(
            "00000000000000c1",
            "uid-1",
            "echo",
            List.of(),
            RequestedInterface.DEFAULT,
            START,
            new Connection.Client("a1", PodRef.parse("c1"), "c1", 17, "echo", null),
            new Connection.Target("b1", "", "e1", null, 0, PodRef.parse("e1"), "nsm1"),
            new Connection.Link(
                Mechanism.WIRE, "10.44.0.0/30", null, List.of(), 1500, 0, null, null),
            hop);
    return new ConnectionEntry(connection, life, new Backoff(new Random(1)), null);
  }
}

package dev.weft.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.identity.SettableClock;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventLogTest {
  private record Said(String text) implements Fact {
    @Override
    public String subject() {
      return "4b706b89bea6d08f";
    }
  }

  private static final Map<String, String> NAMES =
      Map.of("4b706b89bea6d08f", "n3", "00000000000000a2", "$2");

  private final EventLog events = new EventLog(Clock.systemUTC());

  @BeforeEach
  void name() {
    events.name(id -> NAMES.getOrDefault(id, id));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Peer up: node 4b706b89bea6d08f|Peer up: node n3 (4b706b89bea6d08f)",
        "Route to node 00000000000000a2 via 4b706b89bea6d08f"
            + "|Route to node $2 (00000000000000a2) via n3 (4b706b89bea6d08f)",
        "home is node n3 (4b706b89bea6d08f)|home is node n3 (4b706b89bea6d08f)",
        "Peer up: node 00000000000000ff|Peer up: node 00000000000000ff",
        "wire 4b706b89bea6d08f0 up|wire 4b706b89bea6d08f0 up",
      })
  void shouldSayTheNamesOfNodesBesideTheirIds(String text, String shown) {
    events.append(new Said(text));

    assertThat(events.since(0)).extracting(EventLog.Entry::text).containsExactly(shown);
    assertThat(events.since(0))
        .extracting(EventLog.Entry::subject)
        .containsExactly("4b706b89bea6d08f");
  }

  @Test
  void shouldFindWhatIsNotOlderThanAskedFor() {
    SettableClock clock = new SettableClock(Instant.EPOCH);
    EventLog log = new EventLog(clock);
    log.append(new Said("an hour ago"));
    clock.set(Instant.EPOCH.plus(Duration.ofMinutes(55)));
    log.append(new Said("five minutes ago"));
    clock.set(Instant.EPOCH.plus(Duration.ofHours(1)));

    assertThat(log.before(Duration.ofHours(2))).isZero();
    assertThat(log.before(Duration.ofMinutes(5))).isEqualTo(1);
    assertThat(log.before(Duration.ofMinutes(4))).isEqualTo(2);
  }
}

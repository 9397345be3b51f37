package dev.weft.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class JsonTest {
  record Happening(String what, Instant at) {}

  @Test
  void shouldCarryTimesAsRfc3339() {
    Happening happening = new Happening("start", Instant.parse("2026-01-02T03:04:05.000000006Z"));

    String json = Json.write(happening);

    assertThat(json).isEqualTo("{\"what\":\"start\",\"at\":\"2026-01-02T03:04:05.000000006Z\"}");
    assertThat(Json.read(json, Happening.class)).isEqualTo(happening);
  }

  @Test
  void shouldIgnoreUnknownFieldsAndLeaveOutAbsentValues() {
    Happening read = Json.read("{\"what\":\"x\",\"later\":1}", Happening.class);

    assertThat(Json.write(read)).isEqualTo("{\"what\":\"x\"}");
  }

  @Test
  void shouldRefuseWhatIsNoTime() {
    assertThatThrownBy(() -> Json.read("{\"at\":\"yesterday\"}", Happening.class))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.INVALID))
        .hasMessageContaining("yesterday");
  }
}

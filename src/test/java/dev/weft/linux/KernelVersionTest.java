package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelVersionTest {
  @ParameterizedTest
  @CsvSource({
    "6.18.5, true",
    "6.2.0-39-generic, true",
    "7.0-rc1, true",
    "6.1.0-28-amd64, false",
    "5.15.0-91-generic, false",
    "unknown, false"
  })
  void shouldCompareReleases(String release, boolean expected) {
    assertThat(KernelVersion.atLeast(release, 6, 2)).isEqualTo(expected);
  }
}

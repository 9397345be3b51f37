package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class MountTableTest {
  private static final Path NETNS = Path.of("/run/netns");

  private final MountTable table =
      MountTable.parse(
          List.of(
              "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard",
              "40 27 0:25 / /run rw,nosuid shared:7 master:3 propagate_from:2 - tmpfs tmpfs rw",
              "41 40 0:25 /netns /run/netns\\040old rw - tmpfs tmpfs rw"));

  @Test
  void shouldFindTheMountThatAPathIsOn() {
    // When
    MountTable.Entry found = table.at(NETNS).orElseThrow();

    // Then
    assertThat(found)
        .isEqualTo(
            new MountTable.Entry(40, "/", Path.of("/run"), OptionalInt.of(7), OptionalInt.of(3)));
    assertThat(table.at(Path.of("/run/netns old/x")).orElseThrow().id()).isEqualTo(41);
    assertThat(table.at(Path.of("/runner")).orElseThrow().id()).isEqualTo(27);
  }

  @Test
  void shouldFindTheLaterOneOfTwoMountsOnOnePoint() {
    // When
    MountTable twice =
        MountTable.parse(
            List.of("27 1 254:0 / / rw - ext4 a rw", "28 27 0:1 / / rw shared:5 - ext4 b rw"));

    // Then
    assertThat(twice.at(NETNS).orElseThrow().id()).isEqualTo(28);
  }

  @Test
  void shouldTellMountNamespacesApartByTheIdsOfMounts() {
    // When
    MountTable other = MountTable.parse(List.of("99 1 254:0 / / rw master:1 - ext4 /dev/vda rw"));

    // Then
    assertThat(table.sameNamespace(table)).isTrue();
    assertThat(table.sameNamespace(other)).isFalse();
  }
}

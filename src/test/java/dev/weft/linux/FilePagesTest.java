package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FilePagesTest {
  private static final String SMAPS =
      """
      800000000-800010000 rw-p 00001000 fe:00 123    /jdk/lib/server/classes.jsa
      Rss:                  64 kB
      Anonymous:             0 kB
      800010000-800030000 r--p 00011000 fe:00 123    /jdk/lib/server/classes.jsa
      Size:                128 kB
      Rss:                 100 kB
      Anonymous:             0 kB
      800030000-800040000 r--p 00031000 fe:00 124    /var/cache/weft.jsa
      Rss:                  64 kB
      Anonymous:             4 kB
      7f0000000000-7f0000100000 r-xp 00000000 fe:00 125    /jdk/lib/server/libjvm.so
      Rss:                 512 kB
      Anonymous:             0 kB
      7f0000100000-7f0000200000 r-xp 00000000 fe:00 126    /tmp/other.so
      Rss:                 512 kB
      Anonymous:             0 kB
      7f0000200000-7f0000300000 r--s 00000000 fe:00 127    /tmp/shared.jsa
      Rss:                 512 kB
      Anonymous:             0 kB
      7ffff7800000-7ffff7801000 r--p 00000000 00:00 0
      Rss:                   4 kB
      Anonymous:             0 kB
      """;

  @Test
  void shouldTakeWhatIsAsInTheFileAndStays() {
    assertThat(FilePages.unchanged(SMAPS.lines().toList()))
        .containsExactly(
            new FilePages.Mapping(0x800010000L, 128 << 10, 100 << 10),
            new FilePages.Mapping(0x7f0000000000L, 1 << 20, 512 << 10));
  }

  @Test
  void shouldMakeTheProcessSmallerAndLetItGoOn() throws Exception {
    long before = residentOfFiles();

    long given = FilePages.giveBack();

    assertThat(given).isGreaterThan(1 << 20);
    // What this very test runs is mapped again by now.
    assertThat(residentOfFiles()).isLessThan(before - given / 4);
  }

  private static long residentOfFiles() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("RssFile:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .sum();
  }
}

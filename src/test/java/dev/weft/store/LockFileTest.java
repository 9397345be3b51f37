package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
  @TempDir Path directory;

  @Test
  void shouldKeepManyNumbersInOneFileAndEachForOneHolder() throws Exception {
    Path file = directory.resolve("lock");

    try (FileLock one = LockFile.take(file, 4_026_531_840L).orElseThrow();
        FileLock two = LockFile.take(file, 4_026_531_841L).orElseThrow()) {
      assertThat(one.isValid()).isTrue();
      assertThat(two.isValid()).isTrue();
      assertThat(LockFile.take(file, 4_026_531_840L)).isEmpty();
    }

    assertThat(Files.size(file)).isZero();
    try (FileLock again = LockFile.take(file, 4_026_531_840L).orElseThrow()) {
      assertThat(again.isValid()).isTrue();
    }
  }
}

package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class NiceTest {
  private static final int NICE = 19;
  private static final int POLICY = 41;

  @Test
  void shouldBeOfOneThreadAlone() throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      int before = ofThisThread();

      int set =
          other
              .submit(
                  () -> {
                    Nice.set(7);
                    return ofThisThread();
                  })
              .get();

      assertThat(set).isEqualTo(7);
      assertThat(ofThisThread()).isEqualTo(before);
    } finally {
      other.shutdown();
    }
  }

  @Test
  void shouldLetOneThreadWaitForOthersTurns() throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      int set =
          other
              .submit(
                  () -> {
                    Nice.batch();
                    return field(POLICY);
                  })
              .get();

      assertThat(set).isEqualTo(3);
      assertThat(field(POLICY)).isZero();
    } finally {
      other.shutdown();
    }
  }

  private static int ofThisThread() throws IOException {
    return field(NICE);
  }

  /** Of this thread, as proc_pid_stat(5) numbers them; the second one may hold anything. */
  private static int field(int number) throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[number - 3]);
  }
}

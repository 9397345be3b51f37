package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class NiceTest {
  private static final int NICE = 19;
  private static final int POLICY = 41;

  @Test
  void shouldBeOfOneThreadAlone() throws Exception {
    int before = field(NICE);

    int set =
        inAnotherThread(
            () -> {
              Nice.set(7);
              return field(NICE);
            });

    assertThat(set).isEqualTo(7);
    assertThat(field(NICE)).isEqualTo(before);
  }

  @Test
  void shouldLetOneThreadWaitForOthersTurns() throws Exception {
    int set =
        inAnotherThread(
            () -> {
              Nice.batch();
              return field(POLICY);
            });

    assertThat(set).isEqualTo(3);
    assertThat(field(POLICY)).isZero();
  }

  private static int inAnotherThread(Callable<Integer> call) throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      return other.submit(call).get();
    } finally {
      other.shutdown();
    }
  }

  /** Of this thread, as proc_pid_stat(5) numbers them; the second one may hold anything. */
  private static int field(int number) throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[number - 3]);
  }
}

package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class NiceTest {
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

  /** proc_pid_stat(5), field 19; the second one is a name that may hold anything. */
  private static int ofThisThread() throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
  }
}

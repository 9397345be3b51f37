package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store promises when its process or its disk ends. */
class StoreChaosIT {
  private static final int ACKNOWLEDGED = 3_000;

  @TempDir Path dir;
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() throws Exception {
    await(vertx.close());
  }

  @Test
  void shouldLoseNothingAcknowledgedWhenKilled() throws Exception {
    Path data = dir.resolve("data");
    Process writer = start(data);
    List<String> acknowledged = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(writer.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("key-")) {
          continue;
        }
        acknowledged.add(line);
        if (acknowledged.size() == ACKNOWLEDGED) {
          assertRefused(data, writer.pid());
          // Process.destroyForcibly would close the pipe and lose what it still holds.
          writer.toHandle().destroyForcibly();
        }
      }
    } finally {
      writer.toHandle().destroyForcibly();
    }
    assertThat(writer.waitFor(10, TimeUnit.SECONDS)).isTrue();
    // The last line may have been cut by the kill.
    acknowledged.remove(acknowledged.size() - 1);
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ACKNOWLEDGED - 1);

    try (DataDirectory directory = DataDirectory.lock(data)) {
      long since = System.nanoTime();
      Store store = Store.open(directory);
      Map<String, String> found = await(store.all("t"));
      System.out.printf(
          "store: killed after %d acknowledged puts, %d found, reopened in %d ms%n",
          acknowledged.size(), found.size(), (System.nanoTime() - since) / 1_000_000);

      assertThat(found).containsKeys(acknowledged.toArray(String[]::new));
      await(store.close());
    }
  }

  /** A second node may not start where the first still runs. */
  private static void assertRefused(Path data, long holder) {
    WeftException e =
        catchThrowableOfType(WeftException.class, () -> DataDirectory.lock(data).close());
    assertThat(e.fault()).isEqualTo(Fault.CONFLICT);
    assertThat(e).hasMessageStartingWith("data directory " + data + ": held by process " + holder);
  }

  @Test
  void shouldGoOnAfterTheDiskWasFull() throws Exception {
    boolean root = Files.isWritable(Path.of("/proc/sys/kernel/hostname"));
    assumeTrue(root || "true".equals(System.getenv("CI")), "a file system of its own needs root");
    Path disk = Files.createDirectory(dir.resolve("disk"));
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
    DataDirectory directory = DataDirectory.lock(disk.resolve("data"));
    Store store = Store.open(directory);
    try {
      await(store.put("t", "before", "v"));
      Path filler = disk.resolve("filler");
      fill(filler);

      ExecutionException e =
          catchThrowableOfType(
              ExecutionException.class, () -> await(store.put("t", "full", "v".repeat(100_000))));
      WeftException full = (WeftException) e.getCause();
      assertThat(full.fault()).isEqualTo(Fault.UNAVAILABLE);
      assertThat(full).hasMessageEndingWith("weft.db: the disk is full; nothing was changed");
      assertThat(await(store.all("t"))).containsOnlyKeys("before");

      Files.delete(filler);
      await(store.put("t", "after", "v"));

      assertThat(await(store.all("t"))).containsOnlyKeys("before", "after");
    } finally {
      await(store.close());
      directory.close();
      run("umount", disk.toString());
    }
  }

  private static void fill(Path filler) {
    assertThatThrownBy(
            () -> {
              try (var out = Files.newOutputStream(filler)) {
                for (int block = 0; block < 1024; block++) {
                  out.write(new byte[4096]);
                }
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left");
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }

  private static Process start(Path data) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            data.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Writes without end and prints each key that the store has acknowledged. */
  static final class Writer {
    private final Store store;
    private int sent;

    private Writer(Store store) {
      this.store = store;
    }

    public static void main(String[] args) {
      Vertx vertx = Vertx.vertx();
      Writer writer = new Writer(Store.open(DataDirectory.lock(Path.of(args[0]))));
      vertx.runOnContext(
          now -> {
            for (int i = 0; i < 64; i++) {
              writer.putNext();
            }
          });
    }

    private void putNext() {
      String key = "key-" + sent++;
      store
          .put("t", key, "{}")
          .onSuccess(
              done -> {
                System.out.println(key);
                putNext();
              });
    }
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }
}

package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(VertxExtension.class)
class StoreIT {
  @TempDir Path dir;
  private Vertx vertx;
  private DataDirectory directory;
  private Store store;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    directory = DataDirectory.lock(dir.resolve("data"));
    store = Store.open(directory);
  }

  @AfterEach
  void close() throws Exception {
    await(store.close());
    directory.close();
  }

  @Test
  void shouldRememberAcrossARestart() throws Exception {
    await(store.put("wires", "w1", new JsonObject().put("mtu", 1500).encode()));
    await(store.put("wires", "w2", "old"));
    await(store.put("wires", "w2", "new"));
    await(store.put("pods", "w1", "other table"));
    await(store.put("wires", "gone", "x"));
    assertThat(await(store.delete("wires", "gone"))).isTrue();
    assertThat(await(store.next("epoch"))).isEqualTo(1);
    assertThat(await(store.next("epoch"))).isEqualTo(2);

    reopen();

    assertThat(await(store.all("wires"))).isEqualTo(Map.of("w1", "{\"mtu\":1500}", "w2", "new"));
    assertThat(await(store.get("pods", "w1"))).contains("other table");
    assertThat(await(store.get("pods", "w2"))).isEqualTo(Optional.empty());
    assertThat(await(store.all("routes"))).isEmpty();
    assertThat(await(store.delete("wires", "gone"))).isFalse();
    assertThat(await(store.next("epoch"))).isEqualTo(3);
    assertThat(await(store.next("pods"))).isEqualTo(1);
  }

  @Test
  void shouldKeepTextAsItIs() throws Exception {
    String text = "'\"\\ \n\u0000 é 𝕨 ; DROP TABLE entry; --";

    await(store.put(text, text, text));
    reopen();

    assertThat(await(store.all(text))).isEqualTo(Map.of(text, text));
  }

  @Test
  void shouldWriteAllChangesOrNone() throws Exception {
    await(store.put("t", "kept", "1"));
    // Given a database in which one of three changes fails
    sql(
        "CREATE TRIGGER no BEFORE INSERT ON entry WHEN NEW.key = 'bad'"
            + " BEGIN SELECT raise(FAIL, 'bad key'); END");

    Future<Void> before = store.put("t", "before", "1");
    Future<Void> failing =
        store.write(
            List.of(
                new Change.Delete("t", "kept"),
                new Change.Put("t", "first", "1"),
                new Change.Put("t", "bad", "1")));
    Future<Void> after = store.put("t", "after", "1");
    await(before);
    await(after);

    WeftException e = failureOf(failing);
    assertThat(e.fault()).isEqualTo(Fault.INTERNAL);
    assertThat(e).hasMessageContaining("weft.db: ").hasMessageContaining("bad key");
    assertThat(await(store.all("t"))).containsOnlyKeys("kept", "before", "after");
  }

  @Test
  void shouldFailOnlyTheOperationThatCannotBeDone() throws Exception {
    sql(
        "CREATE TRIGGER no BEFORE INSERT ON entry WHEN NEW.key = 'k50'"
            + " BEGIN SELECT raise(ABORT, 'no'); END");

    List<Future<Void>> all =
        IntStream.range(0, 100).mapToObj(i -> store.put("t", "k" + i, "1")).toList();
    long counted = await(store.next("c"));

    for (int i = 0; i < all.size(); i++) {
      if (i == 50) {
        failureOf(all.get(i));
      } else {
        await(all.get(i));
      }
    }
    assertThat(counted).isEqualTo(1);
    assertThat(await(store.all("t"))).hasSize(99).doesNotContainKey("k50");
  }

  @Test
  void shouldCloseEvenIfTheLastGroupFails() throws Exception {
    sql("CREATE TRIGGER no BEFORE INSERT ON entry BEGIN SELECT raise(ABORT, 'no'); END");
    List<Future<Void>> last =
        IntStream.range(0, 10).mapToObj(i -> store.put("t", "k" + i, "1")).toList();

    await(store.close());

    last.forEach(StoreIT::failureOf);
  }

  @Test
  void shouldAnswerOnTheCallersContext() throws Exception {
    Context caller = vertx.getOrCreateContext();
    Promise<Context> answeredOn = Promise.promise();

    caller.runOnContext(
        now ->
            store
                .put("t", "k", "v")
                .onComplete(done -> answeredOn.complete(Vertx.currentContext())));

    assertThat(await(answeredOn.future())).isSameAs(caller);
  }

  @Test
  void shouldRefuseMoreThanItCanHold() throws Exception {
    // Given a writer that keeps the store's thread waiting
    List<Future<Void>> sent = new ArrayList<>();
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file())) {
      other.setAutoCommit(false);
      try (Statement statement = other.createStatement()) {
        statement.execute("INSERT INTO counter(name, value) VALUES('other', 1)");
      }
      for (int i = 0; i < 2 * Store.MAX_WAITING; i++) {
        sent.add(store.put("t", "k" + i, "v"));
      }
      other.commit();
    }

    assertThat(failureOf(sent.get(sent.size() - 1)))
        .hasMessage("store: 8192 operations wait for the disk (expected: fewer than 8192)")
        .extracting(WeftException::fault)
        .isEqualTo(Fault.EXHAUSTED);
    // Once all that was accepted is on disk there is room again.
    await(sent.get(Store.MAX_WAITING - 1));
    await(store.put("t", "later", "v"));
  }

  @Test
  void shouldRefuseWhatIsTooLong() {
    assertThat(failureOf(store.put("t", "", "v")))
        .hasMessage("key: 0 characters (expected: 1..512)");
    assertThat(failureOf(store.delete("t", "k".repeat(513))))
        .hasMessage("key: 513 characters (expected: 1..512)");
    assertThat(failureOf(store.put("t", "k", "v".repeat((8 << 20) + 1))))
        .hasMessage("value of t/k: 8388609 characters (expected: 0..8388608)");
  }

  @Test
  void shouldCompleteWhatWaitsWhenClosedAndThenRefuse() throws Exception {
    List<Future<Void>> sent =
        IntStream.range(0, 1000).mapToObj(i -> store.put("t", "k" + i, "v")).toList();

    await(store.close());

    assertThat(await(Future.all(sent)).size()).isEqualTo(1000);
    assertThat(failureOf(store.put("t", "k", "v"))).hasMessage("store: closed");
    reopen();
    assertThat(await(store.all("t"))).hasSize(1000);
  }

  @Test
  void shouldRefuseTwoNodesInOneDirectory() {
    assertThatThrownBy(() -> DataDirectory.lock(directory.path()))
        .hasMessage(
            "data directory "
                + directory.path()
                + ": held by process "
                + ProcessHandle.current().pid()
                + " (expected: a directory of its own, another node runs there)");
  }

  @Test
  void shouldLeaveADamagedFileAsItIs() throws Exception {
    await(store.close());
    byte[] garbage =
        "this is no database, but somebody's only copy"
            .repeat(100)
            .getBytes(StandardCharsets.UTF_8);
    Files.write(file(), garbage);

    WeftException e = catchThrowableOfType(WeftException.class, () -> Store.open(directory));

    assertThat(e)
        .hasMessageStartingWith(file() + ": damaged: ")
        .hasMessageContaining("move it and weft.db-wal away");
    assertThat(Files.readAllBytes(file())).isEqualTo(garbage);
  }

  @Test
  void shouldFindDamageInsideTheFile() throws Exception {
    await(
        Future.all(
            IntStream.range(0, 500)
                .mapToObj(i -> store.put("t", "k" + i, "v".repeat(100)))
                .toList()));
    await(store.close());
    byte[] bytes = Files.readAllBytes(file());
    for (int i = 3 * 4096; i < 4 * 4096; i++) {
      bytes[i] ^= 0x55;
    }
    Files.write(file(), bytes);

    assertThatThrownBy(() -> Store.open(directory)).hasMessageStartingWith(file() + ": damaged: ");
  }

  @Test
  void shouldRefuseTheFileOfANewerWeft() throws Exception {
    await(store.close());
    sql("INSERT INTO schema_version(version) VALUES(7)");

    WeftException e = catchThrowableOfType(WeftException.class, () -> Store.open(directory));

    assertThat(e.fault()).isEqualTo(Fault.PRECONDITION);
    assertThat(e).hasMessage(file() + ": version 7 (expected: at most 1; a newer Weft wrote it)");
  }

  @Test
  void shouldPutTenThousandValues() throws Exception {
    int puts = 10_000;
    Semaphore window = new Semaphore(1_000);
    List<Future<Void>> sent = new ArrayList<>();

    long since = System.nanoTime();
    for (int i = 0; i < puts; i++) {
      window.acquire();
      sent.add(
          store.put("t", "key-" + i, "{\"n\":" + i + "}").onComplete(done -> window.release()));
    }
    await(Future.all(sent));
    double seconds = (System.nanoTime() - since) / 1e9;
    long one = System.nanoTime();
    await(store.put("t", "one", "{}"));
    System.out.printf(
        "store: %d puts in %.2f s, %.0f/s, each on disk; one alone %.1f ms%n",
        puts, seconds, puts / seconds, (System.nanoTime() - one) / 1e6);

    assertThat(await(store.all("t"))).hasSize(puts + 1);
  }

  private void reopen() throws Exception {
    await(store.close());
    directory.close();
    directory = DataDirectory.lock(directory.path());
    store = Store.open(directory);
  }

  private Path file() {
    return directory.path().resolve("weft.db");
  }

  private void sql(String text) throws SQLException {
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file());
        Statement statement = other.createStatement()) {
      statement.execute(text);
    }
  }

  private static WeftException failureOf(Future<?> future) {
    ExecutionException e = catchThrowableOfType(ExecutionException.class, () -> await(future));
    return (WeftException) e.getCause();
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }
}

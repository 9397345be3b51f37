package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.weft.store.Store;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What becomes of changes that come at the same time. */
class ReplicatedTableTest {
  private static final String SELF = "00000000000000a1";
  private static final String PEER = "00000000000000b1";

  private final Vertx vertx = Vertx.vertx();
  private final ClusterThread thread = new ClusterThread();
  private final Queue<Promise<Void>> writes = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() {
    thread.stop();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldKeepTheLaterOfTwoWritesThatWaitForTheDiskTogether() {
    ReplicatedCommonTable table =
        new ReplicatedCommonTable("pods", new MemoryTable(), context(slowStore()));

    Future<Void> first = table.write(Map.of("pod/r1", "\"alive\""), Set.of());
    Future<Void> second = table.write(Map.of(), Set.of("pod/r1"));
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> writes.size() == 2);
    writes.forEach(Promise::complete);

    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> first.succeeded() && second.succeeded());
    assertThat(table.rows()).isEmpty();
    assertThat(table.version("pod/r1")).isEqualTo(2);
  }

  @Test
  void shouldNotPutAnOlderRecordOverOneThatCameWhileItWasCompared() {
    Envelope newer = record(3);
    Envelope older = record(2);
    ReplicatedCommonTable table =
        new ReplicatedCommonTable("members", new MemoryTable(), context(new MemoryStore())) {
          @Override
          boolean replaces(Envelope next, Envelope old) {
            boolean replaces = super.replaces(next, old);
            known.putIfAbsent(newer.key(), newer);
            return replaces;
          }
        };

    table.onEntry(older.key(), ReplicatedTable.text(older));

    assertThat(table.known).containsEntry(newer.key(), newer);
  }

  @Test
  void shouldReplaceItsRecordsFromBeforeItsDiskWasLost() {
    MemoryTable members = new MemoryTable();
    ReplicatedOwnedTable table =
        new ReplicatedOwnedTable(
            "votes", members, context(new MemoryStore()), n -> true, n -> false, n -> false);
    Future<Void> written = table.put("", "\"now\"");
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(written::succeeded);
    Envelope former =
        Envelope.sign(new TestSigner(SELF), "votes", SELF + "/", SELF, 7, 90, 1, "\"before\"");

    table.onEntry(former.key(), ReplicatedTable.text(former));

    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              Envelope now = table.known.get(former.key());
              assertThat(now.body()).isEqualTo("\"now\"");
              assertThat(now.newerThan(former)).isTrue();
              assertThat(members.all().get(former.key())).isEqualTo(ReplicatedTable.text(now));
            });
  }

  @Test
  void shouldSayOnceOfAWriterThatItIsNotTrustedWhateverItWrote() {
    Logger logger = (Logger) LoggerFactory.getLogger(IgnoredRecords.class);
    ListAppender<ILoggingEvent> said = new ListAppender<>();
    said.start();
    logger.addAppender(said);
    TableContext context = context(new MemoryStore());

    for (String name : List.of("members", "votes")) {
      ReplicatedCommonTable table = new ReplicatedCommonTable(name, new MemoryTable(), context);
      for (String key : List.of("a", "b")) {
        Envelope foreign = Envelope.sign(new TestSigner("other"), name, key, PEER, 1, 1, 1, "{}");
        table.onEntry(key, ReplicatedTable.text(foreign));
        table.onEntry(key, ReplicatedTable.text(foreign));
      }
    }

    logger.detachAppender(said);
    assertThat(said.list)
        .filteredOn(line -> line.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "ignored: the records of node "
                + PEER
                + ": not signed by it with a valid certificate of this mesh's CA");
  }

  private Envelope record(long counter) {
    return Envelope.sign(new TestSigner(PEER), "members", PEER + "/", PEER, 1, counter, 1, "{}");
  }

  private TableContext context(Store store) {
    return new TableContext(SELF, 1, vertx, new TestSigner(SELF), thread, Clock.systemUTC(), store);
  }

  /** A store whose writes wait in {@link #writes}. */
  private Store slowStore() {
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (proxy, method, arguments) -> {
              assertThat(method.getName()).isEqualTo("write");
              Promise<Void> write = Promise.promise();
              writes.add(write);
              return write.future();
            });
  }

  private static final class MemoryTable extends HashMap<String, String> implements TableStore {
    private static final long serialVersionUID = 1L;

    @Override
    public Map<String, String> all() {
      return Map.copyOf(this);
    }

    @Override
    public void set(String key, String value) {
      put(key, value);
    }

    @Override
    public void delete(String key) {
      remove(key);
    }
  }
}

package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.bus.Fault;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.room.RoomThread;
import dev.weft.store.Store;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Batches of calls that fail as a whole. */
@Needs({Need.ROOT, Need.IPROUTE2})
class InjectedRoutesIT {
  private static final String TABLE = "subnet-routes";

  @AutoClose final TestNetns netns = TestNetns.create("routes");
  private final Vertx vertx = Vertx.vertx();
  private final RoomThread thread = new RoomThread(vertx.getOrCreateContext());
  private final KernelWorker worker = new KernelWorker(thread);
  private final MemoryStore disk = new MemoryStore();

  /** Whether the disk refuses a write, by the text of its changes. */
  private volatile Predicate<String> refusal = changes -> false;

  private SubnetKernel kernel;
  private InjectedRoutes routes;

  @BeforeEach
  void open() throws Exception {
    netns.run("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1");
    netns.run("ip", "link", "set", "d0", "up");
    netns.run("ip", "link", "set", "d1", "up");
    kernel =
        SubnetKernel.open(
            OpenNetns.open(netns.name()),
            NodeLinks.start(vertx, "1111111111111111"),
            new OverlaySettings(
                Cidr.parse("10.42.0.0/16"),
                Optional.empty(),
                Optional.empty(),
                true,
                100,
                4789,
                0,
                true,
                true,
                Optional.empty()));
    routes = new InjectedRoutes(store(), new Bus(vertx, "a", new TestSigner("a")), worker);
    await(thread.call(() -> worker.open(() -> kernel)));
  }

  @AfterEach
  void close() throws Exception {
    kernel.close();
    await(vertx.close());
  }

  @Test
  void shouldFailOnlyTheCallThatFailsItsWholeBatch() throws Exception {
    // Given
    refusal = changes -> changes.contains("10.9.7.0/24");

    // When
    Map<String, Future<Void>> calls = new LinkedHashMap<>();
    await(
        thread.call(
            () -> {
              for (int i = 0; i < 20; i++) {
                String destination = "10.9." + i + ".0/24";
                calls.put(destination, routes.inject(Cidr.parse(destination), "d0"));
              }
              return Future.join(calls.values().stream().toList()).otherwiseEmpty();
            }));

    // Then
    Future<Void> refused = calls.remove("10.9.7.0/24");
    assertThat(refused.cause()).hasMessage("the disk is full");
    assertThat(calls.values()).allMatch(Future::succeeded);
    assertThat(await(disk.all(TABLE)).keySet()).isEqualTo(Set.copyOf(calls.keySet()));
    assertThat(routes.intents()).hasSize(19);
    assertThat(netns.run("ip", "route", "show", "proto", "173").lines())
        .hasSize(19)
        .noneMatch(line -> line.startsWith("10.9.7.0/24"));
  }

  @Test
  void shouldPutTheIntentBackIfTheKernelCannotBeWritten() throws Exception {
    // Given a route, and a kernel that is out of reach once the new intent is on disk
    Cidr destination = Cidr.parse("10.9.1.0/24");
    await(thread.call(() -> routes.inject(destination, "d0")));
    refusal =
        changes -> {
          closeKernel();
          return false;
        };

    // When
    Future<Void> moved = thread.call(() -> routes.inject(destination, "d1"));

    // Then
    assertThatThrownBy(() -> await(moved)).isNotNull();
    assertThat(routes.intents()).containsExactly(Map.entry(destination, "d0"));
    assertThat(await(disk.all(TABLE))).containsExactly(Map.entry("10.9.1.0/24", "d0"));
  }

  private void closeKernel() {
    try {
      kernel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Store store() {
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (self, method, arguments) ->
                method.getName().equals("write") && refusal.test(arguments[0].toString())
                    ? Future.failedFuture(Fault.UNAVAILABLE.because("the disk is full"))
                    : method.invoke(disk, arguments));
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}

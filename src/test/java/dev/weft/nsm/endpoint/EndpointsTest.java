package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.cluster.Cluster;
import dev.weft.cluster.OwnedTable;
import dev.weft.nsm.Endpoint;
import dev.weft.room.RoomContext;
import dev.weft.testkit.MemoryStore;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What other members learn of this node's endpoints, and when. */
class EndpointsTest {
  private static final String SELF = "00000000000000a1";
  private static final String KEY = "default/e1/echo";

  private final Vertx vertx = Vertx.vertx();
  private final MemoryStore store = new MemoryStore();

  /** The shared table's records of this node. */
  private final Map<String, String> shared = new TreeMap<>();

  private final Endpoints endpoints =
      new Endpoints(
          new RoomContext(
              new Bus(vertx, SELF, new TestSigner(SELF)),
              cluster(),
              store,
              null,
              null,
              Clock.systemUTC()),
          new Externals(List.of(), null, null, Clock.systemUTC()),
          socket -> {});

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldTellNobodyOfAnEndpointBeforeTheNodeCanBeCalled() {
    store.put("endpoints", KEY, Json.write(advertised("e1")));

    endpoints.load();
    endpoints.put(advertised("e2"));

    assertThat(endpoints.mine()).hasSize(2);
    assertThat(shared).isEmpty();
  }

  @Test
  void shouldTellOfAllEndpointsOnceTheNodeCanBeCalled() {
    store.put("endpoints", KEY, Json.write(advertised("e1")));
    endpoints.load();

    endpoints.announce();
    endpoints.put(advertised("e2"));

    assertThat(shared).containsOnlyKeys(KEY, "default/e2/echo");
  }

  @Test
  void shouldTellWhichEndpointDoesNotAnswerAndWhenItAnswersAgain() {
    endpoints.load();
    endpoints.announce();
    endpoints.put(advertised("e1"));

    endpoints.probed(Map.of("/run/e.sock", false));
    endpoints.probed(Map.of());
    assertThat(shared.get(KEY)).contains("\"silent\":false");
    endpoints.probed(Map.of("/run/e.sock", false));
    assertThat(shared.get(KEY)).contains("\"silent\":true");
    endpoints.probed(Map.of());
    assertThat(endpoints.of("echo").get(0).silent()).isTrue();

    endpoints.probed(Map.of("/run/e.sock", true));
    assertThat(shared.get(KEY)).contains("\"silent\":false");
  }

  private static Endpoints.Advertised advertised(String provider) {
    return new Endpoints.Advertised(
        new Endpoint(SELF, "default", provider, "echo", List.of()), "/run/e.sock", 0);
  }

  private Cluster cluster() {
    return proxy(
        Cluster.class, (method, arguments) -> method.equals("self") ? SELF : (Object) table());
  }

  private OwnedTable table() {
    return proxy(
        OwnedTable.class,
        (method, arguments) ->
            switch (method) {
              case "put" -> {
                shared.put((String) arguments[0], (String) arguments[1]);
                yield Future.succeededFuture();
              }
              case "remove" -> {
                shared.remove(arguments[0]);
                yield Future.succeededFuture();
              }
              case "rows" -> List.of();
              default -> null;
            });
  }

  private interface Answer {
    Object to(String method, Object[] arguments);
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answer.to(method.getName(), arguments)));
  }
}

package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.proto.HeldAnswer;
import dev.weft.cluster.proto.HeldRequest;
import dev.weft.cluster.proto.ReplaceAnswer;
import dev.weft.cluster.proto.ReplaceRequest;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Leases as the home looks them up and changes them, for an outpost. */
final class HomeLeaseStore extends HomeTableStore implements LeaseStore {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  /** Where leases are given now. */
  interface Giver {
    /** The home; empty if there is none. */
    Optional<Home> home();

    /** Whether this node is alone and gives leases itself. */
    boolean alone();
  }

  private final String self;
  private final Giver giver;

  HomeLeaseStore(String table, String self, Outbox outbox, Giver giver) {
    super(table, self, outbox);
    this.self = self;
    this.giver = giver;
  }

  @Override
  public String get(String key) {
    if (giver.alone()) {
      return shown.get(key);
    }
    HeldRequest request = HeldRequest.newBuilder().setTable(table).setKey(key).build();
    String json = await(home().held(self, request).map(HeldAnswer::getJson));
    return json.isEmpty() ? null : json;
  }

  @Override
  public boolean replace(String key, String seen, String value) {
    if (giver.alone()) {
      return seen == null ? shown.putIfAbsent(key, value) == null : shown.replace(key, seen, value);
    }
    ReplaceRequest.Builder request =
        ReplaceRequest.newBuilder().setTable(table).setKey(key).setJson(value);
    if (seen != null) {
      request.setSeen(seen);
    }
    return await(home().replace(self, request.build()).map(ReplaceAnswer::getReplaced));
  }

  private Home home() {
    return giver
        .home()
        .orElseThrow(() -> Fault.UNAVAILABLE.because("no home that could give a lease"));
  }

  private static <T> T await(Future<T> answer) {
    try {
      return answer
          .toCompletionStage()
          .toCompletableFuture()
          .get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw WeftException.of(e.getCause());
    } catch (TimeoutException e) {
      throw Fault.TIMEOUT.because("the home does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Fault.UNAVAILABLE.because("this node leaves the cluster", e);
    }
  }
}

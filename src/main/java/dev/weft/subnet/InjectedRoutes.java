package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Bus;
import dev.weft.bus.WeftException;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Route;
import dev.weft.store.Change;
import dev.weft.store.Store;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes that were asked for: looked at, put on disk, then made, in batches of what came in
 * meanwhile. A crash after the disk leaves an intent that the next reconcile makes; a crash before
 * it leaves nothing. For the room's event loop.
 */
final class InjectedRoutes {
  private static final Logger log = LoggerFactory.getLogger(InjectedRoutes.class);
  private static final String TABLE = "subnet-routes";
  private static final int BATCH = 512;

  /**
   * @param device null for a removal
   */
  private record Step(Cidr destination, String device, Promise<Void> done) {}

  private final Store store;
  private final Bus bus;
  private final Worker worker;
  private final SubnetKernel kernel;
  private final Map<Cidr, String> intents = new HashMap<>();
  private final Deque<Step> waiting = new ArrayDeque<>();
  private boolean busy;

  InjectedRoutes(Store store, Bus bus, Worker worker, SubnetKernel kernel) {
    this.store = store;
    this.bus = bus;
    this.worker = worker;
    this.kernel = kernel;
  }

  Future<Void> load() {
    return store
        .all(TABLE)
        .map(
            rows -> {
              rows.forEach((destination, device) -> intents.put(Cidr.parse(destination), device));
              return null;
            });
  }

  /** Destinations and devices, those whose removal is under way not among them. */
  Map<Cidr, String> intents() {
    return Map.copyOf(intents);
  }

  int size() {
    return intents.size();
  }

  Future<Void> inject(Cidr destination, String device) {
    return submit(destination, device);
  }

  Future<Void> remove(Cidr destination) {
    return submit(destination, null);
  }

  private Future<Void> submit(Cidr destination, String device) {
    Promise<Void> done = Promise.promise();
    waiting.add(new Step(destination, device, done));
    if (!busy) {
      next();
    }
    return done.future();
  }

  private void next() {
    List<Step> batch = new ArrayList<>();
    Set<Cidr> once = new HashSet<>();
    // Two steps of one destination are not of one batch: their order matters.
    while (!waiting.isEmpty() && batch.size() < BATCH && once.add(waiting.peek().destination())) {
      batch.add(waiting.poll());
    }
    busy = !batch.isEmpty();
    if (busy) {
      carryOut(batch)
          .onFailure(e -> batch.forEach(step -> step.done().tryFail(WeftException.of(e))))
          .onComplete(done -> next());
    }
  }

  private Future<Void> carryOut(List<Step> batch) {
    Set<Cidr> known = new HashSet<>(intents.keySet());
    return worker
        .run(() -> examine(batch, known))
        .compose(
            found -> {
              List<Step> accepted = new ArrayList<>();
              for (Step step : batch) {
                WeftException refused = found.refused().get(step.destination());
                if (refused == null) {
                  accepted.add(step);
                } else {
                  step.done().fail(refused);
                }
              }
              return store.write(changes(accepted)).compose(v -> apply(accepted, found.routes()));
            });
  }

  private record Examined(Map<Cidr, Route> routes, Map<Cidr, WeftException> refused) {}

  /** The routes to be made; a step that cannot be carried out is refused and leaves no trace. */
  private Examined examine(List<Step> batch, Set<Cidr> known) throws LinuxException {
    Map<Cidr, Route> routes = new HashMap<>();
    Map<Cidr, WeftException> refused = new HashMap<>();
    for (Step step : batch) {
      try {
        if (step.device() != null) {
          routes.put(step.destination(), kernel.examine(step.destination(), step.device()));
        } else if (!known.contains(step.destination())) {
          kernel.checkFree(step.destination());
        }
      } catch (WeftException why) {
        refused.put(step.destination(), why);
      }
    }
    return new Examined(routes, refused);
  }

  private List<Change> changes(List<Step> steps) {
    List<Change> changes = new ArrayList<>();
    for (Step step : steps) {
      String key = step.destination().toString();
      if (step.device() == null) {
        changes.add(new Change.Delete(TABLE, key));
      } else if (!step.device().equals(intents.get(step.destination()))) {
        changes.add(new Change.Put(TABLE, key, step.device()));
      }
    }
    return changes;
  }

  private Future<Void> apply(List<Step> steps, Map<Cidr, Route> routes) {
    Map<Cidr, String> before = new HashMap<>();
    for (Step step : steps) {
      String old =
          step.device() == null
              ? intents.remove(step.destination())
              : intents.put(step.destination(), step.device());
      before.put(step.destination(), old);
    }
    return worker
        .run(
            () -> {
              Map<Cidr, WeftException> refused =
                  new HashMap<>(kernel.put(List.copyOf(routes.values())));
              refused.putAll(
                  kernel.delete(
                      steps.stream()
                          .filter(step -> step.device() == null)
                          .map(Step::destination)
                          .toList()));
              return refused;
            })
        .compose(refused -> withdraw(steps, refused).map(refused))
        .map(
            refused -> {
              steps.forEach(step -> finish(step, refused, before.get(step.destination())));
              return null;
            });
  }

  /** An intent that the kernel refused is none. */
  private Future<Void> withdraw(List<Step> steps, Map<Cidr, WeftException> refused) {
    if (refused.isEmpty()) {
      return Future.succeededFuture();
    }
    refused.forEach(
        (destination, why) -> log.warn("route {} refused: {}", destination, why.getMessage()));
    Set<Cidr> injected =
        steps.stream()
            .filter(step -> step.device() != null)
            .map(Step::destination)
            .filter(refused::containsKey)
            .collect(Collectors.toSet());
    injected.forEach(intents::remove);
    return store.write(
        injected.stream()
            .<Change>map(destination -> new Change.Delete(TABLE, destination.toString()))
            .toList());
  }

  private void finish(Step step, Map<Cidr, WeftException> refused, String before) {
    WeftException failure = refused.get(step.destination());
    if (failure != null) {
      step.done().fail(failure);
      return;
    }
    String destination = step.destination().toString();
    if (step.device() == null && before != null) {
      bus.publish(new RouteChanged(destination, before, false));
    } else if (step.device() != null && !step.device().equals(before)) {
      bus.publish(new RouteChanged(destination, step.device(), true));
    }
    step.done().complete();
  }
}

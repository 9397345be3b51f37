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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds and removes routes by call, and keeps them as intents. Calls that arrive while others are
 * carried out form the next batch:
 *
 * <pre>
 * 1. examine the kernel      calls that cannot be carried out are refused
 * 2. write new intents       in one transaction; after a crash the next pass makes their routes
 * 3. write to the kernel     destinations that the kernel refuses get their former intent back
 * 4. forget removed intents  only now, so that no route of ours is ever without its record
 * </pre>
 *
 * <p>A batch that fails as a whole is halved and carried out again, until only the calls that fail
 * by themselves fail. For the room's event loop.
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
  private final KernelWorker kernel;
  private final Map<Cidr, String> intents = new HashMap<>();

  /** On disk, and not wanted any more. */
  private final Set<Cidr> leaving = new HashSet<>();

  private final Deque<Step> waiting = new ArrayDeque<>();
  private boolean busy;

  InjectedRoutes(Store store, Bus bus, KernelWorker kernel) {
    this.store = store;
    this.bus = bus;
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

  /** Devices by destination, without destinations that are being removed. */
  Map<Cidr, String> intents() {
    Map<Cidr, String> wanted = new HashMap<>(intents);
    wanted.keySet().removeAll(leaving);
    return wanted;
  }

  boolean contains(Cidr destination) {
    return intents.containsKey(destination);
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
    // A batch has one step of each destination: the order of two would be lost in it.
    while (!waiting.isEmpty() && batch.size() < BATCH && once.add(waiting.peek().destination())) {
      batch.add(waiting.poll());
    }
    busy = !batch.isEmpty();
    if (busy) {
      carryOut(batch).onComplete(done -> next());
    }
  }

  /** Never fails: each step has its own answer. */
  private Future<Void> carryOut(List<Step> batch) {
    Map<Cidr, String> asked = new LinkedHashMap<>();
    Map<Cidr, String> before = new HashMap<>();
    for (Step step : batch) {
      asked.put(step.destination(), step.device());
      before.put(step.destination(), intents.get(step.destination()));
    }
    return attempt(asked, before)
        .<Void>map(
            refused -> {
              batch.forEach(step -> answer(step, refused, before.get(step.destination())));
              return null;
            })
        .recover(
            failure -> {
              if (batch.size() == 1) {
                batch.get(0).done().tryFail(WeftException.of(failure));
                return Future.succeededFuture();
              }
              int half = batch.size() / 2;
              return carryOut(batch.subList(0, half))
                  .compose(v -> carryOut(batch.subList(half, batch.size())));
            });
  }

  /**
   * Carries out all calls that are not refused; on a failure the intents are as before.
   *
   * @return refusals by destination
   */
  private Future<Map<Cidr, WeftException>> attempt(
      Map<Cidr, String> asked, Map<Cidr, String> before) {
    Set<Cidr> ours = new HashSet<>(before.keySet());
    ours.removeIf(destination -> before.get(destination) == null);
    return kernel
        .run(opened -> opened.routes().examine(asked, ours))
        .compose(
            found -> {
              Map<Cidr, String> accepted = new HashMap<>(asked);
              accepted.keySet().removeAll(found.refused().keySet());
              Map<Cidr, String> added = new HashMap<>(accepted);
              added.values().removeIf(Objects::isNull);
              Map<Cidr, String> removed = new HashMap<>(accepted);
              removed.keySet().removeAll(added.keySet());
              Map<Cidr, String> former = new HashMap<>(before);
              former.keySet().retainAll(added.keySet());
              leaving.addAll(removed.keySet());
              return keep(added)
                  .compose(v -> kernel.run(k -> write(k.routes(), found.routes(), accepted, ours)))
                  .recover(e -> keep(former).transform(done -> Future.failedFuture(e)))
                  .compose(
                      refused -> {
                        former.keySet().retainAll(refused.keySet());
                        removed.keySet().removeAll(refused.keySet());
                        former.putAll(removed);
                        refused.putAll(found.refused());
                        return keep(former).map(refused);
                      })
                  .onComplete(done -> leaving.removeAll(accepted.keySet()));
            });
  }

  private static Map<Cidr, WeftException> write(
      RouteTable table, List<Route> routes, Map<Cidr, String> accepted, Set<Cidr> ours)
      throws LinuxException {
    Set<Cidr> removed = new HashSet<>(ours);
    removed.removeIf(to -> !accepted.containsKey(to) || accepted.get(to) != null);
    Map<Cidr, WeftException> refused = table.put(routes, ours);
    refused.putAll(table.delete(removed));
    refused.forEach((to, why) -> log.warn("route {} refused: {}", to, why.getMessage()));
    return refused;
  }

  /** Changes the intents, on disk first; a null device removes the intent. */
  private Future<Void> keep(Map<Cidr, String> devices) {
    List<Change> changes = new ArrayList<>();
    devices.forEach(
        (destination, device) -> {
          if (device == null && intents.containsKey(destination)) {
            changes.add(new Change.Delete(TABLE, destination.toString()));
          } else if (device != null && !device.equals(intents.get(destination))) {
            changes.add(new Change.Put(TABLE, destination.toString(), device));
          }
        });
    return (changes.isEmpty() ? Future.<Void>succeededFuture() : store.write(changes))
        .onSuccess(
            v ->
                devices.forEach(
                    // A null from the function removes the entry.
                    (destination, device) -> intents.compute(destination, (k, old) -> device)));
  }

  private void answer(Step step, Map<Cidr, WeftException> refused, String before) {
    WeftException why = refused.get(step.destination());
    if (why != null) {
      step.done().tryFail(why);
      return;
    }
    String destination = step.destination().toString();
    if (step.device() == null && before != null) {
      bus.publish(new RouteChanged(destination, before, false));
    } else if (step.device() != null && !step.device().equals(before)) {
      bus.publish(new RouteChanged(destination, step.device(), true));
    }
    step.done().tryComplete();
  }
}

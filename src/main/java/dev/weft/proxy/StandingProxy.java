package dev.weft.proxy;

import dev.weft.bus.Fact;
import dev.weft.bus.WeftException;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One of the two proxies: whether it is wanted, and whether it runs. One that cannot start is tried
 * again. On the room's loop, one change at a time.
 */
final class StandingProxy<S, P> {
  private static final String ROOM = "proxy";

  /**
   * How a proxy is started, named and stopped.
   *
   * @param change gives one that runs other settings; whether it can take them
   */
  record Kind<S, P>(
      String side,
      Function<S, Future<P>> start,
      BiPredicate<P, S> change,
      Function<P, String> address,
      Function<P, Future<Void>> stop) {}

  private final Kind<S, P> kind;
  private final Health health;
  private final Consumer<Fact> facts;
  private Optional<S> wanted = Optional.empty();
  private Optional<P> running = Optional.empty();
  private String reason = "";

  StandingProxy(Kind<S, P> kind, Health health, Consumer<Fact> facts) {
    this.kind = kind;
    this.health = health;
    this.facts = facts;
  }

  Optional<P> running() {
    return running;
  }

  /** Why it does not run though it is wanted; empty if it does. */
  String reason() {
    return reason;
  }

  /** {@code up}, {@code down} or {@code off}. */
  String state() {
    return running.isPresent() ? "up" : reason.isEmpty() && wanted.isEmpty() ? "off" : "down";
  }

  /** It is wanted from now on, though it may not start yet. */
  Future<Void> want(S settings) {
    wanted = Optional.of(settings);
    return again();
  }

  /** Starts it if it is wanted and does not run; a failure is in health. */
  Future<Void> again() {
    if (wanted.isEmpty() || running.isPresent()) {
      return Future.succeededFuture();
    }
    return begin(wanted.get()).otherwiseEmpty();
  }

  /** Starts it with these settings, in place of others; fails with the reason. */
  Future<Void> start(S settings) {
    if (running.isPresent() && wanted.filter(settings::equals).isPresent()) {
      return Future.succeededFuture();
    }
    if (running.isPresent() && kind.change().test(running.get(), settings)) {
      wanted = Optional.of(settings);
      facts.accept(new ProxyStarted(kind.side(), kind.address().apply(running.get())));
      return Future.succeededFuture();
    }
    return end().compose(v -> begin(settings)).onSuccess(v -> wanted = Optional.of(settings));
  }

  /** It is not wanted any more. */
  Future<Void> stop() {
    wanted = Optional.empty();
    told("");
    return end();
  }

  /** It is wanted, but nobody knows with which settings. */
  void cannot(String why) {
    warn(why);
    reason = why;
  }

  private Future<Void> begin(S settings) {
    return kind.start()
        .apply(settings)
        .onSuccess(
            proxy -> {
              running = Optional.of(proxy);
              told("");
              facts.accept(new ProxyStarted(kind.side(), kind.address().apply(proxy)));
            })
        .onFailure(e -> told(WeftException.of(e).getMessage()))
        .mapEmpty();
  }

  private Future<Void> end() {
    Optional<P> ending = running;
    running = Optional.empty();
    return ending
        .map(
            proxy ->
                kind.stop()
                    .apply(proxy)
                    .onComplete(done -> facts.accept(new ProxyStopped(kind.side()))))
        .orElse(Future.succeededFuture());
  }

  private void told(String why) {
    reason = wanted.isPresent() ? why : "";
    warn(reason);
  }

  private void warn(String why) {
    health.show(
        !why.isEmpty(),
        new Health.Warning(
            ROOM,
            kind.side(),
            "the " + kind.side() + " proxy does not run: " + why,
            kind.side().equals("forward")
                ? "programs of this host reach no servers of other nodes through it"
                : "programs of other nodes do not reach the server of this host",
            "correct what it says; the node tries again by itself"));
  }
}

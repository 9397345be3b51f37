package dev.weft.cluster;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.News;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Finds an outpost a home and follows it; finds another when it is lost. On the cluster thread. */
final class HomeSearch {
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** What the search tells. */
  interface Watcher {
    /** There is a home; its news follow. */
    void found(String node, Home home, News first);

    void news(News news);

    /** The home is lost; another one is being looked for. */
    void lost();

    /**
     * No node that can be reached is a home.
     *
     * @param declined whether each of them has said so
     */
    void none(String why, boolean declined);

    Optional<Member> member(String id);

    FollowRequest request();
  }

  private final String self;
  private final ClusterThread thread;
  private final HomeLine line;
  private final Watcher watcher;
  private final HomeChoice choice;
  private boolean closed;

  HomeSearch(String self, ClusterThread thread, HomeLine line, Watcher watcher) {
    this.self = self;
    this.thread = thread;
    this.line = line;
    this.watcher = watcher;
    this.choice = new HomeChoice(self);
  }

  void start() {
    then(
        attempt(() -> line.reachable()),
        reachable -> {
          Iterator<String> order =
              choice.order(reachable, watcher::member, System.nanoTime()).iterator();
          ask(order, reachable, new ArrayList<>());
        },
        e -> none("the mesh cannot be asked: " + e.getMessage(), false));
  }

  void close() {
    closed = true;
  }

  private void ask(Iterator<String> order, List<String> reachable, List<String> reasons) {
    if (!order.hasNext()) {
      boolean declined = !reachable.isEmpty() && choice.allDeclined(reachable);
      none(reasons.isEmpty() ? choice.whyNobody(reachable) : String.join("; ", reasons), declined);
      return;
    }
    String node = order.next();
    Home home = line.to(node);
    then(
        attempt(() -> home.follow(self, watcher.request())),
        news -> {
          watcher.found(node, home, news);
          follow(node, home);
        },
        e -> {
          if (e.fault() == Fault.PRECONDITION || e.fault() == Fault.INVALID) {
            choice.declined(node, System.nanoTime());
          } else {
            choice.failed(node, System.nanoTime());
          }
          reasons.add(e.getMessage());
          ask(order, reachable, reasons);
        });
  }

  private void none(String why, boolean declined) {
    watcher.none(why, declined);
    thread.after(PAUSE, this::start);
  }

  private void follow(String node, Home home) {
    then(
        attempt(() -> home.follow(self, watcher.request())),
        news -> {
          watcher.news(news);
          follow(node, home);
        },
        e -> {
          choice.failed(node, System.nanoTime());
          watcher.lost();
          start();
        });
  }

  private static <T> Future<T> attempt(Supplier<Future<T>> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  private <T> void then(Future<T> future, Consumer<T> succeeded, Consumer<WeftException> failed) {
    future.onComplete(
        done ->
            thread.run(
                () -> {
                  if (closed) {
                    return;
                  }
                  if (done.succeeded()) {
                    succeeded.accept(done.result());
                  } else {
                    failed.accept(WeftException.of(done.cause()));
                  }
                }));
  }
}
